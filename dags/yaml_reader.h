#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"

namespace millrace {

class YamlNode;

/// One document as a flat array in pre-order: the children of item i start at i + 1, its next sibling is at
/// `end`. The children of a map alternate key, value. No pointers, no recursion, two allocations for the
/// whole file.
struct YamlTree {
  enum class Kind : std::uint8_t { null, scalar, sequence, map };
  enum class Style : std::uint8_t { plain, quoted, block };
  struct Item {
    Place place;            ///< of the first character, quotes included
    Place text_place;       ///< scalars: of the first character of the text itself
    std::uint32_t end = 0;  ///< one past the last item below this one
    std::uint32_t text_offset = 0;
    std::uint32_t size = 0;  ///< bytes of a scalar, items of a sequence, entries of a map
    Kind kind = Kind::null;
    Style style = Style::plain;
  };
  std::vector<Item> items;
  std::string text;

  YamlNode root() const;
};

/// A place in a tree, or nothing. Lives as long as the tree.
class YamlNode {
 public:
  using Kind = YamlTree::Kind;
  using Style = YamlTree::Style;

  YamlNode() = default;
  YamlNode(const YamlTree& tree, std::uint32_t index) : tree_(&tree), index_(index) {}

  explicit operator bool() const { return tree_ != nullptr; }
  bool is(Kind kind) const { return tree_ != nullptr && item().kind == kind; }
  bool is_scalar() const { return is(Kind::scalar); }
  bool is_map() const { return is(Kind::map); }
  bool is_sequence() const { return is(Kind::sequence); }
  bool is_plain() const { return is_scalar() && item().style == Style::plain; }
  Kind kind() const { return item().kind; }
  Style style() const { return item().style; }
  Place place() const { return tree_ ? item().place : Place{}; }
  Place text_place() const { return tree_ ? item().text_place : Place{}; }
  std::uint32_t size() const { return tree_ ? item().size : 0; }
  /// Of a scalar; empty for all else.
  std::string_view text() const {
    return is_scalar() ? std::string_view{tree_->text}.substr(item().text_offset, item().size)
                       : std::string_view{};
  }

  struct Entry;
  class Items;
  class Entries;
  Items items() const;      ///< of a sequence; none for all else
  Entries entries() const;  ///< of a map; none for all else
  /// The value of `key`, or nothing. Linear: for maps whose keys the language fixes.
  YamlNode find(std::string_view key) const;

 private:
  const YamlTree::Item& item() const { return tree_->items[index_]; }
  const YamlTree* tree_ = nullptr;
  std::uint32_t index_ = 0;
};

struct YamlNode::Entry {
  YamlNode key, value;
};

class YamlNode::Items {
 public:
  struct Iterator {
    const YamlTree* tree;
    std::uint32_t at;
    YamlNode operator*() const { return {*tree, at}; }
    Iterator& operator++() {
      at = tree->items[at].end;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at == other.at; }
  };
  Items(const YamlTree* tree, std::uint32_t first, std::uint32_t last)
      : tree_(tree), first_(first), last_(last) {}
  Iterator begin() const { return {tree_, first_}; }
  Iterator end() const { return {tree_, last_}; }

 private:
  const YamlTree* tree_;
  std::uint32_t first_, last_;
};

class YamlNode::Entries {
 public:
  struct Iterator {
    const YamlTree* tree;
    std::uint32_t at;
    Entry operator*() const { return {{*tree, at}, {*tree, tree->items[at].end}}; }
    Iterator& operator++() {
      at = tree->items[tree->items[at].end].end;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at == other.at; }
  };
  Entries(const YamlTree* tree, std::uint32_t first, std::uint32_t last)
      : tree_(tree), first_(first), last_(last) {}
  Iterator begin() const { return {tree_, first_}; }
  Iterator end() const { return {tree_, last_}; }

 private:
  const YamlTree* tree_;
  std::uint32_t first_, last_;
};

inline YamlNode::Items YamlNode::items() const {
  if (!is_sequence()) return {tree_, 0, 0};
  return {tree_, index_ + 1, item().end};
}
inline YamlNode::Entries YamlNode::entries() const {
  if (!is_map()) return {tree_, 0, 0};
  return {tree_, index_ + 1, item().end};
}
inline YamlNode YamlTree::root() const { return items.empty() ? YamlNode{} : YamlNode{*this, 0}; }

struct YamlResult {
  YamlTree tree;  ///< whole only when there are no diagnostics
  Diagnostics diagnostics;
};

/// Strict YAML: one document, UTF-8, at most 16 MB and 32 levels; no anchors, aliases, tags, merge keys,
/// duplicate keys, keys that aren't text, tabs in indentation. Also reads the daemon's configuration. Never
/// throws on bad input.
YamlResult read_yaml(std::string_view text);

/// What is wrong with the bytes alone, before any parser sees them: the first such thing, or nothing.
Diagnostics check_yaml_bytes(std::string_view text);

}  // namespace millrace
