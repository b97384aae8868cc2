#include "base/metrics.h"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("a histogram's buckets are cumulative and their bounds inclusive") {
  Histogram histogram;
  for (const Duration took : {Duration{0}, Duration{100}, Duration{101}, Duration{1s}, Duration{20min}})
    histogram.observe(took);
  const auto now = histogram.snapshot();
  CHECK(now.at_most[0] == 2);  // 0 and 100 µs
  CHECK(now.at_most[1] == 3);
  CHECK(now.at_most[12] == 4);  // 1 s
  CHECK(now.at_most.back() == 4);
  CHECK(now.count == 5);
  CHECK(now.sum_seconds == Approx(1201.000201));
}

TEST_CASE("a duration below zero counts as none") {
  Histogram histogram;
  histogram.observe(Duration{-5s});
  CHECK(histogram.snapshot().at_most[0] == 1);
  CHECK(histogram.snapshot().sum_seconds == 0);
}

TEST_CASE("the text has a head a family and escapes label values") {
  MetricsText text;
  text.family("a_total", "counter", "How many.");
  const std::pair<std::string_view, std::string_view> labels[] = {{"pool", "a\"b\\c\nd"},
                                                                  {"state", "queued"}};
  text.sample(3, labels);
  text.gauge("b", "One.", 0.5);
  CHECK(text.take() ==
        "# HELP a_total How many.\n# TYPE a_total counter\n"
        "a_total{pool=\"a\\\"b\\\\c\\nd\",state=\"queued\"} 3\n"
        "# HELP b One.\n# TYPE b gauge\nb 0.5\n");
}

TEST_CASE("a histogram ends with +Inf, sum and count") {
  Histogram histogram;
  histogram.observe(1ms);
  MetricsText text;
  text.histogram("wait_seconds", "Wait.", histogram);
  const std::string out = text.take();
  CHECK(out.contains("wait_seconds_bucket{le=\"0.0005\"} 0\nwait_seconds_bucket{le=\"0.001\"} 1\n"));
  CHECK(out.ends_with("wait_seconds_bucket{le=\"+Inf\"} 1\nwait_seconds_sum 0.001\nwait_seconds_count 1\n"));
}
