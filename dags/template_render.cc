// Templates to text, when the values are there.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/invariant.h"
#include "dags/schedule.h"
#include "dags/template.h"
#include "dags/template_filter.h"

namespace millrace {
namespace {

using Json = nlohmann::ordered_json;

/// A value on its way through the filters.
struct Piece {
  TemplateValue value;
  Zone zone;               // in which a date is printed
  bool date_only = false;  // a date without a time of day: prints as `ds`
};

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string print_time(const Piece& piece) {
  const WallTime t{piece.value.time_us};
  if (piece.date_only) return format_time("%F", t, piece.zone);
  const std::string offset = format_time("%z", t, piece.zone);
  const char* format = t.us % 1'000'000 == 0 ? "%FT%T" : "%FT%T.%f";
  return format_time(format, t, piece.zone) + offset.substr(0, 3) + ":" + offset.substr(3);
}

/// JSON text as a person would write it: a string without its quotes.
Result<std::string> print_json(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail(ErrorKind::internal, "its value isn't JSON");
  return json.is_string() ? json.get<std::string>() : dump(json);
}

Result<std::string> print(const Piece& piece) {
  switch (piece.value.kind) {
    case TemplateValue::Kind::text:
      return piece.value.text;
    case TemplateValue::Kind::json:
      return print_json(piece.value.text);
    case TemplateValue::Kind::time:
      return print_time(piece);
  }
  return std::string{};
}

/// Makes a date of text that is one.
Result<void> need_date(Piece& piece) {
  if (piece.value.kind == TemplateValue::Kind::time) return {};
  const auto text = print(piece);
  if (!text) return std::unexpected(text.error());
  const auto t = parse_iso(*text);
  if (!t) return fail(ErrorKind::invalid, fmt::format("'{}' isn't a date", text->substr(0, 80)));
  piece.value = {TemplateValue::Kind::time, {}, t->us};
  piece.date_only = text->size() == 10;
  return {};
}

Result<void> add(Piece& piece, const Duration shift) {
  const WallTime earliest{-62'135'596'800'000'000}, latest{253'402'300'799'000'000};  // years 1 to 9999
  const WallTime t{piece.value.time_us};
  if (t < earliest || t > latest || t + shift < earliest || t + shift > latest)
    return fail(ErrorKind::invalid, "date_add leaves the years 1 to 9999");
  piece.value.time_us = (t + shift).us;
  piece.date_only = piece.date_only && shift % std::chrono::days{1} == Duration{0};
  return {};
}

std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::string last_name(std::string text) {
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  const std::size_t slash = text.rfind('/');
  return slash == std::string::npos || text == "/" ? text : text.substr(slash + 1);
}

Result<std::string> as_json(const Piece& piece) {
  if (piece.value.kind != TemplateValue::Kind::json) {
    const auto text = print(piece);
    if (!text) return text;
    return dump(Json(*text));
  }
  const Json json = Json::parse(piece.value.text, nullptr, false);
  if (json.is_discarded()) return fail(ErrorKind::internal, "its value isn't JSON");
  return dump(json);
}

Result<void> set_text(Piece& piece, Result<std::string> text) {
  if (!text) return std::unexpected(text.error());
  piece.value = {TemplateValue::Kind::text, std::move(*text), 0};
  return {};
}

Result<void> apply(const Filter& filter, Piece& piece) {
  using Kind = Filter::Kind;
  const bool takes_date = filter.kind == Kind::ds || filter.kind == Kind::ts ||
                          filter.kind == Kind::date_add || filter.kind == Kind::strftime ||
                          filter.kind == Kind::in_timezone;
  if (takes_date) {
    const auto date = need_date(piece);
    if (!date) return date;
  }
  switch (filter.kind) {
    case Kind::ds: {
      // From here on a plain date: its time of day is gone.
      piece.date_only = true;
      const std::string day = print_time(piece);
      piece.zone = Zone();
      return set_text(piece, day);
    }
    case Kind::ts:
      piece.date_only = false;
      return {};
    case Kind::date_add:
      return add(piece, parse_shift(filter.argument).value_or(Duration{0}));
    case Kind::strftime:
      return set_text(piece, format_time(filter.argument, WallTime{piece.value.time_us}, piece.zone));
    case Kind::in_timezone: {
      const auto zone = Zone::find(filter.argument);
      if (!zone) return std::unexpected(zone.error());
      piece.zone = *zone;
      piece.date_only = false;
      return {};
    }
    case Kind::default_value:
      return {};
    case Kind::json:
      return set_text(piece, as_json(piece));
    case Kind::shell: {
      const auto text = print(piece);
      return set_text(piece, text ? Result<std::string>(shell_quoted(*text)) : text);
    }
    case Kind::basename: {
      const auto text = print(piece);
      return set_text(piece, text ? Result<std::string>(last_name(*text)) : text);
    }
  }
  return {};
}

bool is_missing(const std::optional<TemplateValue>& value) {
  return !value || (value->kind == TemplateValue::Kind::json && value->text == "null");
}

Result<std::string> render_value(const Template::Part& part, const TemplateLookup& lookup) {
  auto value = lookup(part.name);
  auto filter = part.filters.begin();
  if (is_missing(value)) {
    const auto fallback = std::ranges::find(part.filters, Filter::Kind::default_value, &Filter::kind);
    if (fallback != part.filters.end()) {
      // What stands before `default` had nothing to work on.
      value = TemplateValue{TemplateValue::Kind::text, fallback->argument, 0};
      filter = fallback;
    } else if (!value) {
      return fail(ErrorKind::invalid, "has no value; `| default(\"…\")` would give it one");
    }
  }
  Piece piece{*std::move(value), Zone(), false};
  for (; filter != part.filters.end(); ++filter) {
    const auto done = apply(*filter, piece);
    if (!done)
      return fail(done.error().kind,
                  fmt::format("| {}: {}", filter_name(filter->kind), done.error().message));
  }
  return print(piece);
}

}  // namespace

Result<std::string> render(const Template& t, const TemplateLookup& lookup) {
  std::string out;
  for (const Template::Part& part : t.parts) {
    if (part.name.empty()) {
      out += part.literal;
      continue;
    }
    const auto text = render_value(part, lookup);
    if (!text) {
      return fail(text.error().kind, fmt::format("{}:{}: '{}' {}", part.place.line, part.place.column,
                                                 part.name, text.error().message));
    }
    out += *text;
  }
  return out;
}

}  // namespace millrace
