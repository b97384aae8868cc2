#include "dags/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <span>
#include <spanstream>
#include <utility>

#include "base/limits.h"
#include "dags/values.h"

namespace millrace {
namespace {

/// Ends the parse: going on would only repeat what is said already, or cost memory.
struct Stop {};

Place place_of(const YAML::Mark& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

/// Turns the parser's events into the flat tree and refuses what the language doesn't have.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view source, YamlResult& result)
      : source_(source), tree_(result.tree), diagnostics_(result.diagnostics) {
    tree_.items.reserve(source.size() / 8);
    tree_.text.reserve(source.size() / 2);
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark&, const std::string&) override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    YamlTree::Item& item = add(mark, YamlTree::Kind::null);
    // The parser notices a missing value only at the next token; its key is what the user must look at.
    if (open_.empty() || tree_.items[open_.back()].kind != YamlTree::Kind::map || !expects_key()) return;
    const Place key = tree_.items[tree_.items.size() - 2].place;
    if (key.line < item.place.line) item.place = item.text_place = key;
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases ('*name') aren't part of the language", "write the value out, or use 'defaults'");
    add(mark, YamlTree::Kind::null);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    if (at(mark) == '!' || (tag != "?" && tag != "!" && !tag.empty())) refuse_tag(mark);
    const bool is_key = expects_key();
    YamlTree::Item& item = add(mark, YamlTree::Kind::scalar);
    item.text_offset = static_cast<std::uint32_t>(tree_.text.size());
    item.size = static_cast<std::uint32_t>(value.size());
    const char first = at(mark);
    if (first == '"' || first == '\'') {
      item.style = YamlTree::Style::quoted;
      ++item.text_place.column;
      last_quote_ = offset(mark);
      last_quote_place_ = item.place;
    } else if ((first == '|' || first == '>') && tag == "!") {
      item.style = YamlTree::Style::block;
      item.text_place = block_text_place(mark);
    }
    tree_.text += value;
    if (is_key && value == "<<" && item.style == YamlTree::Style::plain)
      refuse(mark, "merge keys ('<<') aren't part of the language", "use 'defaults', or write the keys out");
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlTree::Kind::sequence);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    if (style == YAML::EmitterStyle::Flow && source_.substr(offset(mark), 2) == "{{") {
      diagnostics_.add(place_of(mark), "an unquoted '{{' starts a YAML map, not a template",
                       "quote it: \"{{ … }}\"");
      throw Stop{};
    }
    open(mark, tag, anchor, YamlTree::Kind::map);
  }
  void OnMapEnd() override {
    refuse_duplicates(open_.back());
    close();
  }

  /// The parser lets the end of the file close a quote; then the rest of the file has become text.
  void refuse_open_quote() {
    if (last_quote_ == std::string_view::npos) return;
    const char quote = source_[last_quote_];
    for (std::size_t i = last_quote_ + 1; i < source_.size(); ++i) {
      if (source_[i] == '\\' && quote == '"') {
        ++i;
      } else if (source_[i] == quote) {
        if (quote == '"' || source_.substr(i + 1, 1) != "'") return;
        ++i;
      }
    }
    diagnostics_.add(last_quote_place_, fmt::format("this {} is never closed", quote));
  }

 private:
  std::size_t offset(const YAML::Mark& mark) const {
    return std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), source_.size());
  }
  char at(const YAML::Mark& mark) const {
    return offset(mark) < source_.size() ? source_[offset(mark)] : '\0';
  }

  void refuse(const YAML::Mark& mark, std::string message, std::string hint) {
    diagnostics_.add(place_of(mark), std::move(message), std::move(hint));
    if (diagnostics_.entries.size() >= limits::diagnostics_per_file) throw Stop{};
  }
  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor)
      refuse(mark, "anchors ('&name') aren't part of the language", "write the value out, or use 'defaults'");
  }
  void refuse_tag(const YAML::Mark& mark) {
    refuse(mark, "tags ('!name') aren't part of the language", "quote the value if it starts with '!'");
  }

  bool expects_key() const {
    if (open_.empty()) return false;
    const YamlTree::Item& parent = tree_.items[open_.back()];
    return parent.kind == YamlTree::Kind::map && parent.size % 2 == 0;
  }

  YamlTree::Item& add(const YAML::Mark& mark, YamlTree::Kind kind) {
    if (expects_key() && kind != YamlTree::Kind::scalar)
      refuse(mark, "a key must be text", kind == YamlTree::Kind::null ? "quote it if it is meant" : "");
    if (!open_.empty()) ++tree_.items[open_.back()].size;
    YamlTree::Item& item = tree_.items.emplace_back();
    item.place = item.text_place = place_of(mark);
    item.end = static_cast<std::uint32_t>(tree_.items.size());
    item.kind = kind;
    return item;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlTree::Kind kind) {
    refuse_anchor(mark, anchor);
    if (tag != "?" && !tag.empty()) refuse_tag(mark);
    if (open_.size() >= static_cast<std::size_t>(limits::yaml_depth)) {
      diagnostics_.add(place_of(mark), fmt::format("more than {} levels deep", limits::yaml_depth));
      throw Stop{};
    }
    add(mark, kind);
    open_.push_back(static_cast<std::uint32_t>(tree_.items.size() - 1));
  }

  void close() {
    YamlTree::Item& item = tree_.items[open_.back()];
    item.end = static_cast<std::uint32_t>(tree_.items.size());
    // While a map is open its size counts keys and values.
    if (item.kind == YamlTree::Kind::map) item.size /= 2;
    open_.pop_back();
  }

  std::string_view text_of(std::uint32_t index) const {
    const YamlTree::Item& item = tree_.items[index];
    return std::string_view{tree_.text}.substr(item.text_offset, item.size);
  }

  void refuse_duplicates(std::uint32_t map) {
    keys_.clear();
    for (std::uint32_t i = map + 1; i < tree_.items.size(); i = tree_.items[tree_.items[i].end].end)
      if (tree_.items[i].kind == YamlTree::Kind::scalar) keys_.emplace_back(sort_prefix(text_of(i)), i);
    if (keys_.size() < 2) return;
    std::ranges::sort(keys_, [&](const auto& a, const auto& b) {
      if (a.first != b.first) return a.first < b.first;
      const int order = text_of(a.second).compare(text_of(b.second));
      return order != 0 ? order < 0 : a.second < b.second;
    });
    for (std::size_t i = 1; i < keys_.size(); ++i) {
      if (keys_[i].first != keys_[i - 1].first) continue;
      const std::string_view key = text_of(keys_[i].second);
      if (key != text_of(keys_[i - 1].second)) continue;
      const Place first = tree_.items[keys_[i - 1].second].place;
      diagnostics_.add(tree_.items[keys_[i].second].place, fmt::format("duplicate key '{}'", key),
                       fmt::format("it is already at line {}, column {}", first.line, first.column));
      if (diagnostics_.entries.size() >= limits::diagnostics_per_file) throw Stop{};
    }
  }

  /// Where the text under a `|` or `>` begins: the first line that isn't blank.
  Place block_text_place(const YAML::Mark& mark) const {
    Place place{static_cast<std::uint32_t>(mark.line + 1), 1};
    std::size_t start = source_.find('\n', offset(mark));
    while (start != std::string_view::npos) {
      ++place.line;
      const std::size_t text = source_.find_first_not_of(' ', ++start);
      if (text == std::string_view::npos) break;
      if (source_[text] != '\n' && source_[text] != '\r') {
        place.column = static_cast<std::uint32_t>(text - start + 1);
        return place;
      }
      start = source_.find('\n', start);
    }
    return place_of(mark);
  }

  std::string_view source_;
  YamlTree& tree_;
  Diagnostics& diagnostics_;
  std::vector<std::uint32_t> open_;                            ///< maps and sequences not yet closed
  std::vector<std::pair<std::uint64_t, std::uint32_t>> keys_;  ///< scratch
  std::size_t last_quote_ = std::string_view::npos;            ///< offset of the last quoted scalar
  Place last_quote_place_;
};

/// Tells where a second document starts, and builds nothing.
class SecondDocument : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    place = place_of(mark);
    throw Stop{};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
  Place place;
};

std::string_view line_at(std::string_view source, std::uint32_t line) {
  for (; line > 1; --line) {
    const auto end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  return source.substr(0, source.find('\n'));
}

/// The column of a `{{` that starts a value on this line, 0 when there is none.
std::uint32_t bare_template(std::string_view line) {
  for (auto found = line.find("{{"); found != std::string_view::npos; found = line.find("{{", found + 2)) {
    const std::string_view before = line.substr(0, found);
    if (std::ranges::count(before, '"') % 2 != 0 || std::ranges::count(before, '\'') % 2 != 0) continue;
    const auto last = before.find_last_not_of(' ');
    if (last != std::string_view::npos && std::string_view{":-[,{"}.contains(before[last]))
      return static_cast<std::uint32_t>(found + 1);
  }
  return 0;
}

std::string hint_for(const std::string& message) {
  if (message == YAML::ErrorMsg::MAP_VALUE) return "a ': ' inside a value? quote the value";
  if (message == YAML::ErrorMsg::UNKNOWN_TOKEN) return "quote a value that starts with a special character";
  if (message == YAML::ErrorMsg::END_OF_MAP) return "is the line indented as its neighbours are?";
  if (message == YAML::ErrorMsg::END_OF_MAP_FLOW) return "a '}' is missing";
  if (message == YAML::ErrorMsg::END_OF_SEQ_FLOW) return "a ']' is missing";
  if (message == YAML::ErrorMsg::TAB_IN_INDENTATION) return "use spaces";
  if (message == YAML::ErrorMsg::EOF_IN_SCALAR) return "a quote isn't closed";
  return {};
}

void explain(const YAML::Exception& error, std::string_view source, Diagnostics& diagnostics) {
  const Place place = error.mark.is_null() ? Place{1, 1} : place_of(error.mark);
  for (std::uint32_t line = place.line; line > 0 && line + 1 >= place.line; --line) {
    if (const std::uint32_t column = bare_template(line_at(source, line))) {
      diagnostics.add({line, column}, "an unquoted '{{' starts a YAML map, not a template",
                      "quote it: \"{{ … }}\"");
      return;
    }
  }
  if (error.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR)) {
    diagnostics.add(place, "aliases ('*name') aren't part of the language",
                    "quote a value that starts with '*'");
    return;
  }
  diagnostics.add(place, "not valid YAML: " + error.msg, hint_for(error.msg));
}

void refuse_second_document(YAML::Parser& parser, std::string_view source, Diagnostics& diagnostics) {
  SecondDocument second;
  try {
    if (!parser.HandleNextDocument(second)) return;
  } catch (const Stop&) {
    if (line_at(source, second.place.line).starts_with("---"))
      diagnostics.add({second.place.line, 1}, "a second document starts here", "one file is one document");
    else
      diagnostics.add(second.place, "this stands after the end of the document",
                      "is it indented as it should be?");
  }
}

}  // namespace

YamlNode YamlNode::find(std::string_view key) const {
  for (const auto [name, value] : entries())
    if (name.text() == key) return value;
  return {};
}

YamlResult read_yaml(std::string_view text) {
  YamlResult result;
  result.diagnostics = check_yaml_bytes(text);
  if (!result.diagnostics.empty()) return result;
  std::ispanstream stream{std::span<const char>{text}};
  TreeBuilder builder{text, result};
  try {
    YAML::Parser parser{stream};
    const bool found = parser.HandleNextDocument(builder);
    if (!found || (result.tree.items.size() == 1 && result.tree.root().is(YamlTree::Kind::null)))
      result.diagnostics.add({1, 1}, "the file is empty");
    else
      refuse_second_document(parser, text, result.diagnostics);
    builder.refuse_open_quote();
  } catch (const Stop&) {
    // The reason is in the diagnostics.
  } catch (const YAML::Exception& error) {
    explain(error, text, result.diagnostics);
  } catch (const std::exception& error) {
    result.diagnostics.add({1, 1}, fmt::format("not valid YAML: {}", error.what()));
  }
  result.diagnostics.sort();
  return result;
}

}  // namespace millrace
