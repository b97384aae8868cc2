#include "dags/form_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "dags/values.h"

namespace millrace {
namespace {

std::string quoted(std::string_view text) {
  constexpr std::size_t shown = 60;
  return text.size() <= shown ? fmt::format("'{}'", text) : fmt::format("'{}…'", text.substr(0, shown));
}

/// Of a node that isn't null.
std::string describe(YamlNode node) {
  if (node.is_scalar()) return quoted(node.text());
  return node.is_sequence() ? "a list" : "a map";
}

std::string listed(std::span<const std::string_view> words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string title_of(const Form& form) {
  if (!form.title.empty()) return std::string{form.title};
  switch (form.shape) {
    case Shape::text:
    case Shape::templated:
      return "text";
    case Shape::id:
      return "a name of letters, digits, '_', '-' and '.'";
    case Shape::name:
      return "a name of letters, digits and '_'";
    case Shape::boolean:
      return "true or false";
    case Shape::integer:
      if (form.minimum == 0) return "a whole number from 0";
      if (form.minimum == 1) return "a whole number from 1";
      return "a whole number";
    case Shape::number:
      return "a number";
    case Shape::duration:
      return "a duration such as 30s, 10m, 1h or 7d";
    case Shape::size:
      return "a size such as 512MiB or 8GiB";
    case Shape::moment:
      return "a date or a timestamp such as 2001-01-31 or 2001-01-31T06:00:00Z";
    case Shape::word:
      return "one of " + listed(form.words);
    case Shape::list:
      return "a list";
    case Shape::object:
      return "a map";
    default:
      return "a value";
  }
}

/// Why a scalar isn't what was wanted, if there is an ordinary slip behind it. A choice asks each of its
/// forms.
std::string hint_for(YamlNode node, const Form& form, const Diagnostics& so_far) {
  if (!node.is_scalar()) return form.shape == Shape::list ? "start each item with '- '" : "";
  for (const Form* choice : form.forms)
    if (std::string hint = hint_for(node, *choice, so_far); !hint.empty()) return hint;
  const std::string_view text = node.text();
  if (form.shape == Shape::boolean) {
    static constexpr std::array<std::string_view, 6> yes{"yes", "on", "True", "TRUE", "Yes", "1"};
    static constexpr std::array<std::string_view, 6> no{"no", "off", "False", "FALSE", "No", "0"};
    if (!node.is_plain() && (text == "true" || text == "false")) return "remove the quotes";
    if (std::ranges::find(yes, text) != yes.end()) return "write true";
    if (std::ranges::find(no, text) != no.end()) return "write false";
  }
  if ((form.shape == Shape::integer || form.shape == Shape::number) && !node.is_plain() &&
      is_json_number(text))
    return "remove the quotes";
  if (form.shape == Shape::duration && is_json_number(text))
    return fmt::format("add the unit: {}s or {}m", text, text);
  if (form.shape == Shape::size && is_json_number(text))
    return fmt::format("add the unit: {}MiB or {}GiB", text, text);
  if (form.shape == Shape::size && (text.ends_with('M') || text.ends_with('G') || text.ends_with('K')))
    return fmt::format("write {}iB", text);
  if (form.shape == Shape::word) return did_you_mean(text, {form.words.begin(), form.words.end()}, so_far);
  if (form.shape == Shape::list && form.items->shape != Shape::object) return fmt::format("write [{}]", text);
  return {};
}

bool in_range(double value, const Form& form) { return value >= form.minimum && value <= form.maximum; }

bool scalar_matches(YamlNode node, const Form& form) {
  const std::string_view text = node.text();
  switch (form.shape) {
    case Shape::text:
    case Shape::templated:
      return true;
    case Shape::id:
      return is_id(text);
    case Shape::name:
      return is_name(text);
    case Shape::boolean:
      return as_boolean(node).has_value();
    case Shape::integer: {
      const auto value = as_integer(node);
      return value && in_range(static_cast<double>(*value), form);
    }
    case Shape::number: {
      const auto value = as_number(node);
      return value && in_range(*value, form);
    }
    case Shape::duration: {
      const auto value = parse_duration(text);
      return value && in_range(static_cast<double>(value->count()), form);
    }
    case Shape::size:
      return parse_size(text).has_value();
    case Shape::moment:
      return parse_iso(text).has_value();
    case Shape::word:
      return std::ranges::find(form.words, text) != form.words.end();
    default:
      return false;
  }
}

const Form* chosen(YamlNode node, const Form& form) {
  for (const Form* candidate : form.forms)
    if (matches(node, *candidate)) return candidate;
  return nullptr;
}

/// The alternative to blame when none matches: the only one of the node's kind, else the whole choice.
const Form& blamed(YamlNode node, const Form& form) {
  if (!node.is_scalar() || node.text().empty()) return form;
  for (const Form* candidate : form.forms)
    if (candidate->shape == Shape::id || candidate->shape == Shape::word) return *candidate;
  return form;
}

const Key* find_key(const Form& form, std::string_view name) {
  for (const Key& key : form.keys)
    if (key.name == name) return &key;
  return nullptr;
}

void refuse_later(Place place, std::string_view name, Diagnostics& out) {
  out.add(place, fmt::format("'{}' is not available in this version", name));
}

void check_scalar(YamlNode node, const Form& form, std::string_view what, Diagnostics& out) {
  if (node.is_scalar() && scalar_matches(node, form)) return;
  if (node.is_scalar() && std::ranges::find(form.later_words, node.text()) != form.later_words.end()) {
    refuse_later(node.place(), node.text(), out);
    return;
  }
  if (node.is(YamlNode::Kind::null)) {
    out.add(node.place(), fmt::format("{} has no value; it must be {}", what, title_of(form)));
    return;
  }
  if (form.shape == Shape::id && node.is_scalar()) {
    out.add(node.place(), fmt::format("{} isn't a valid name: {}", what, quoted(node.text())),
            fmt::format("1 to {} of A-Z a-z 0-9 _ . -", limits::id_bytes));
    return;
  }
  if (form.shape == Shape::moment && node.is_scalar() && node.text().size() >= 8) {
    out.add(node.place(), fmt::format("{} isn't a date that exists: {}", what, quoted(node.text())),
            "write 2001-01-31 or 2001-01-31T06:00:00+01:00");
    return;
  }
  out.add(node.place(), fmt::format("{} must be {}, not {}", what, title_of(form), describe(node)),
          hint_for(node, form, out));
}

void check_list(YamlNode node, const Form& form, std::string_view what, Diagnostics& out) {
  if (!node.is_sequence()) return check_scalar(node, form, what, out);
  if (node.size() < form.at_least) out.add(node.place(), fmt::format("{} is empty", what));
  const std::string item_name = fmt::format("an item of {}", what);
  for (const YamlNode item : node.items()) check_form(item, *form.items, item_name, out);
}

void check_free_key(YamlNode key, const Form& form, std::string_view what, Diagnostics& out) {
  if (form.keys_are_names ? is_name(key.text()) : is_id(key.text())) return;
  out.add(key.place(), fmt::format("{} in {} isn't a valid name", quoted(key.text()), what),
          form.keys_are_names ? "letters, digits and '_', not a digit first"
                              : fmt::format("1 to {} of A-Z a-z 0-9 _ . -", limits::id_bytes));
}

void check_object(YamlNode node, const Form& form, std::string_view what, Diagnostics& out) {
  if (!node.is_map()) return check_scalar(node, form, what, out);
  if (node.size() < form.at_least) out.add(node.place(), fmt::format("{} is empty", what));
  for (const auto [key, value] : node.entries()) {
    const Key* known = find_key(form, key.text());
    if (known != nullptr && known->form->shape == Shape::later) {
      refuse_later(key.place(), key.text(), out);
    } else if (known != nullptr) {
      check_form(value, *known->form, fmt::format("'{}'", key.text()), out);
    } else if (form.items != nullptr) {
      check_free_key(key, form, what, out);
      check_form(value, *form.items, quoted(key.text()), out);
    } else {
      std::vector<std::string_view> names;
      for (const Key& candidate : form.keys) names.push_back(candidate.name);
      std::string hint = did_you_mean(key.text(), names, out);
      if (hint.empty() && names.size() <= 12) hint = "the keys are " + listed(names);
      out.add(key.place(), fmt::format("unknown key {} in {}", quoted(key.text()), what), std::move(hint));
    }
  }
  for (const Key& key : form.keys)
    if (key.required && !node.find(key.name))
      out.add(node.place(), fmt::format("{} needs '{}'", what, key.name));
}

}  // namespace

bool matches(YamlNode node, const Form& form) {
  switch (form.shape) {
    case Shape::one_of:
      return chosen(node, form) != nullptr;
    case Shape::list:
      return node.is_sequence();
    case Shape::object:
      return node.is_map();
    case Shape::null:
      return node.is(YamlNode::Kind::null);
    case Shape::any:
      return true;
    case Shape::later:
      return false;
    default:
      return node.is_scalar() && scalar_matches(node, form);
  }
}

// Recursion is bounded by the depth of the tables, which is less than limits::yaml_depth.
void check_form(YamlNode node, const Form& form, std::string_view what, Diagnostics& out) {
  switch (form.shape) {
    case Shape::list:
      return check_list(node, form, what, out);
    case Shape::object:
      return check_object(node, form, what, out);
    case Shape::one_of:
      if (const Form* choice = chosen(node, form)) return check_form(node, *choice, what, out);
      return check_scalar(node, blamed(node, form), what, out);
    case Shape::later:
      return refuse_later(node.place(), what, out);
    case Shape::any:
      return;
    case Shape::null:
      if (!node.is(YamlNode::Kind::null)) check_scalar(node, form, what, out);
      return;
    default:
      return check_scalar(node, form, what, out);
  }
}

void append_canonical(std::string& out, YamlNode node, const Form& form) {
  if (form.shape == Shape::one_of) return append_canonical(out, node, *chosen(node, form));
  if (form.shape == Shape::list) {
    out += '[';
    bool first = true;
    for (const YamlNode item : node.items()) {
      if (!std::exchange(first, false)) out += ',';
      append_canonical(out, item, *form.items);
    }
    out += ']';
    return;
  }
  if (form.shape == Shape::object) {
    std::vector<std::pair<std::uint64_t, YamlNode::Entry>> entries;
    entries.reserve(node.size());
    for (const auto entry : node.entries()) entries.emplace_back(sort_prefix(entry.key.text()), entry);
    std::ranges::sort(entries, [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : a.second.key.text() < b.second.key.text();
    });
    out += '{';
    bool first = true;
    for (const auto& [prefix, entry] : entries) {
      const auto& [key, value] = entry;
      if (!std::exchange(first, false)) out += ',';
      append_json_text(out, key.text());
      out += ':';
      const Key* known = find_key(form, key.text());
      append_canonical(out, value, known != nullptr ? *known->form : *form.items);
    }
    out += '}';
    return;
  }
  const bool typed = form.shape == Shape::any || form.shape == Shape::boolean ||
                     form.shape == Shape::integer || form.shape == Shape::number || !node.is_scalar();
  if (typed) return append_json(out, node);
  append_json_text(out, node.text());
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates,
                         const Diagnostics& so_far) {
  // Past the limit nobody reads the hints, and each costs a search.
  if (so_far.entries.size() > limits::diagnostics_per_file) return {};
  const std::string found = nearest(word, candidates);
  return found.empty() ? std::string{} : fmt::format("did you mean '{}'?", found);
}

}  // namespace millrace
