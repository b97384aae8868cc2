#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace

void Histogram::observe(Duration took) {
  const std::int64_t us = std::max<std::int64_t>(took.count(), 0);
  const double seconds = static_cast<double>(us) / 1e6;
  const auto bucket = std::ranges::lower_bound(bounds, seconds) - bounds.begin();
  buckets_[static_cast<std::size_t>(bucket)].add();
  sum_us_.add(static_cast<std::uint64_t>(us));
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot out;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    out.count += buckets_[i].value();
    out.at_most[i] = out.count;
  }
  out.count += buckets_.back().value();
  out.sum_seconds = static_cast<double>(sum_us_.value()) / 1e6;
  return out;
}

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::line(std::string_view suffix, double value, Labels labels) {
  text_ += name_;
  text_ += suffix;
  char before = '{';
  for (const auto& [name, text] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", before, name, escaped(text));
    before = ',';
  }
  text_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", value);
}

void MetricsText::sample(double value, Labels labels) { line("", value, labels); }

void MetricsText::gauge(std::string_view name, std::string_view help, double value) {
  family(name, "gauge", help);
  sample(value);
}

void MetricsText::counter(std::string_view name, std::string_view help, std::uint64_t value) {
  family(name, "counter", help);
  sample(static_cast<double>(value));
}

void MetricsText::histogram(std::string_view name, std::string_view help, const Histogram& histogram) {
  family(name, "histogram", help);
  const Histogram::Snapshot now = histogram.snapshot();
  const auto bucket = [&](std::string_view bound, std::uint64_t count) {
    const std::pair<std::string_view, std::string_view> label[] = {{"le", bound}};
    line("_bucket", static_cast<double>(count), label);
  };
  for (std::size_t i = 0; i < Histogram::bounds.size(); ++i)
    bucket(fmt::format("{}", Histogram::bounds[i]), now.at_most[i]);
  bucket("+Inf", now.count);
  line("_sum", now.sum_seconds, {});
  line("_count", static_cast<double>(now.count), {});
}

}  // namespace millrace
