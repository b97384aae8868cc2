// Template text to parts. Everything that can be known without values is checked here, so that a run never
// starts with a template that can't be printed.
#include "dags/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/invariant.h"
#include "dags/template_filter.h"
#include "dags/template_name.h"

namespace millrace {
namespace {

constexpr std::size_t npos = std::string_view::npos;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-';
}

std::string shown(std::string_view text) {
  std::string out(text.substr(0, 40));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text.size() > 40 ? out + "…" : out;
}

class Parser {
 public:
  Parser(std::string_view text, Place at, const TemplateScope& scope, Diagnostics& out)
      : text_(text), line_{at}, scope_(scope), out_(out) {}

  std::optional<Template> parse() {
    Template result;
    result.source = text_;
    result.place = line_;
    std::string literal;
    while (pos_ < text_.size()) {
      const std::size_t open = std::min(text_.find("{{", pos_), text_.size());
      literal += text_.substr(pos_, open - pos_);
      pos_ = open;
      if (open == text_.size()) break;
      parse_braces(result, literal);
    }
    if (!literal.empty()) result.parts.push_back({std::move(literal), {}, {}, result.place});
    return failed_ ? std::nullopt : std::optional{std::move(result)};
  }

 private:
  void fault(std::size_t at, std::string message, std::string hint = {}) {
    failed_ = true;
    out_.add(place_of(at), std::move(message), std::move(hint));
  }

  /// Offsets are asked for in rising order, so that each line is looked at once.
  Place place_of(std::size_t at) {
    INVARIANT(at >= line_start_);
    for (std::size_t end = text_.find('\n', line_start_); end < at; end = text_.find('\n', line_start_)) {
      line_ = {line_.line + 1, 1};
      line_start_ = end + 1;
    }
    return {line_.line, line_.column + static_cast<std::uint32_t>(at - line_start_)};
  }

  /// The `}}` that ends the braces opened at `pos_`, quotes respected; npos when there is none.
  std::size_t find_close() const {
    char quote = 0;
    for (std::size_t i = pos_ + 2; i < text_.size(); ++i) {
      const char c = text_[i];
      if (quote != 0) {
        if (c == '\\')
          ++i;
        else if (c == quote)
          quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (text_.substr(i, 2) == "}}") {
        return i;
      } else if (text_.substr(i, 2) == "{{") {
        return npos;
      }
    }
    return npos;
  }

  void parse_braces(Template& result, std::string& literal) {
    const std::size_t open = pos_;
    const Place place = place_of(open);
    const std::size_t close = find_close();
    if (close == npos) {
      // A quote left open hides the braces that follow; say so rather than that they are missing.
      const std::size_t plain = text_.find("}}", open + 2);
      if (plain != npos && plain < text_.find("{{", open + 2)) {
        fault(open, "a quote inside '{{' isn't closed before '}}'");
        pos_ = plain + 2;
      } else {
        fault(open, "'{{' is never closed",
              "write '}}' after the value, or '{{ \"{{\" }}' for two plain braces");
        pos_ = std::min(text_.find("{{", open + 2), text_.size());
      }
      return;
    }
    pos_ = open + 2;
    end_ = close;
    const bool was_failed = std::exchange(failed_, false);
    skip_space();
    if (pos_ < end_ && (text_[pos_] == '"' || text_[pos_] == '\'')) {
      if (auto quoted = parse_quoted()) literal += *quoted;
      skip_space();
      if (!failed_ && pos_ < end_)
        fault(pos_, "text in quotes takes no filter", "write the text without braces");
    } else {
      Template::Part part;
      part.place = place;
      parse_value(part, open);
      if (!failed_) {
        if (!literal.empty()) result.parts.push_back({std::exchange(literal, {}), {}, {}, result.place});
        result.parts.push_back(std::move(part));
      }
    }
    failed_ = failed_ || was_failed;
    pos_ = close + 2;
  }

  void parse_value(Template::Part& part, std::size_t open) {
    const std::size_t at = pos_;
    while (pos_ < end_ && is_name_char(text_[pos_])) ++pos_;
    part.name = text_.substr(at, pos_ - at);
    const std::size_t name_end = pos_;
    skip_space();
    if (pos_ < end_ && text_[pos_] != '|') {
      const std::string_view rest = text_.substr(at, end_ - at);
      const std::string habit = habit_hint(rest);
      if (part.name.empty() || name_end == pos_ || !habit.empty()) {
        fault(at,
              fmt::format("'{}' isn't a value", shown(rest.substr(0, rest.find_last_not_of(" \t\r\n") + 1))),
              habit.empty()
                  ? "templates hold names and filters, no expressions: {{ ds }}, {{ ds | date_add(-7d) }}"
                  : habit);
      } else {
        fault(pos_, fmt::format("expected '|' or '}}}}' after '{}'", shown(part.name)),
              "templates hold names and filters, no expressions");
      }
      return;
    }
    if (part.name.empty()) {
      fault(open, "'{{' without a value", "write a name such as {{ ds }}");
      return;
    }
    const NameCheck check = check_name(part.name, scope_);
    if (!check.problem.empty()) fault(at, check.problem, check.hint);
    ValueType type = check.type;
    while (pos_ < end_) {
      ++pos_;  // a '|': all else is refused before
      if (!parse_filter(part, type)) return;
    }
  }

  bool parse_filter(Template::Part& part, ValueType& type) {
    skip_space();
    const std::size_t at = pos_;
    while (pos_ < end_ && is_name_char(text_[pos_])) ++pos_;
    const std::string_view name = text_.substr(at, pos_ - at);
    if (name.empty()) {
      fault(at, "expected a filter after '|'", "filters: " + std::string(filter_names()));
      return false;
    }
    skip_space();
    std::optional<std::string> argument;
    std::size_t argument_at = at;
    if (pos_ < end_ && text_[pos_] == '(') {
      ++pos_;
      skip_space();
      argument_at = pos_;
      argument = parse_argument();
      if (!argument) return false;
    }
    skip_space();
    if (pos_ < end_ && text_[pos_] != '|') {
      fault(pos_, fmt::format("expected '|' or '}}}}' after filter '{}'", shown(name)));
      return false;
    }
    const FilterCheck check = check_filter(name, argument, type);
    if (!check.problem.empty()) {
      fault(check.in_argument ? argument_at : at, check.problem, check.hint);
      return true;  // go on: the next filter may be wrong too
    }
    type = check.type;
    part.filters.push_back({check.kind, argument.value_or("")});
    return true;
  }

  /// What stands between `(` and `)`: quoted text, or a bare word such as -7d.
  std::optional<std::string> parse_argument() {
    const std::size_t at = pos_;
    std::optional<std::string> argument;
    if (pos_ < end_ && (text_[pos_] == '"' || text_[pos_] == '\'')) {
      argument = parse_quoted();
      if (!argument) return std::nullopt;
    } else {
      while (pos_ < end_ && text_[pos_] != ')' && text_[pos_] != '|' && text_[pos_] != '(') ++pos_;
      std::string_view bare = text_.substr(at, pos_ - at);
      while (!bare.empty() && is_space(bare.back())) bare.remove_suffix(1);
      argument = std::string(bare);
      if (bare.find(',') != npos) {
        fault(at, "a filter takes one argument");
        return std::nullopt;
      }
    }
    skip_space();
    if (pos_ >= end_ || text_[pos_] != ')') {
      fault(pos_, "expected ')' after the argument");
      return std::nullopt;
    }
    ++pos_;
    return argument;
  }

  std::optional<std::string> parse_quoted() {
    const std::size_t at = pos_;
    const char quote = text_[pos_++];
    std::string out;
    while (pos_ < end_) {
      char c = text_[pos_++];
      if (c == quote) return out;
      if (c == '\\' && pos_ < end_) {
        c = text_[pos_++];
        if (c == 'n')
          c = '\n';
        else if (c == 't')
          c = '\t';
        else if (c != '\\' && c != '"' && c != '\'') {
          fault(pos_ - 2, fmt::format("'\\{}' isn't an escape", shown({&c, 1})),
                R"(escapes: \\ \" \' \n \t)");
          return std::nullopt;
        }
      }
      out += c;
    }
    fault(at, "this quote isn't closed");
    return std::nullopt;
  }

  void skip_space() {
    while (pos_ < end_ && is_space(text_[pos_])) ++pos_;
  }

  std::string_view text_;
  Place line_;  // of the line that starts at line_start_
  std::size_t line_start_ = 0;
  const TemplateScope& scope_;
  Diagnostics& out_;
  std::size_t pos_ = 0, end_ = 0;  // end_: of the braces being read
  bool failed_ = false;
};

}  // namespace

std::optional<Template> parse_template(std::string_view text, Place at, const TemplateScope& scope,
                                       Diagnostics& diagnostics) {
  return Parser(text, at, scope, diagnostics).parse();
}

std::vector<std::string> tasks_read_by(const Template& t) {
  std::vector<std::string> tasks;
  for (const Template::Part& part : t.parts) {
    const auto reference = task_reference(part.name);
    if (reference && std::ranges::find(tasks, *reference) == tasks.end()) tasks.emplace_back(*reference);
  }
  return tasks;
}

}  // namespace millrace
