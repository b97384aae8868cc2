#pragma once

#include <string>
#include <string_view>

#include "base/diagnostics.h"
#include "dags/keys.h"
#include "dags/yaml_reader.h"

namespace millrace {

/// Everything that the key tables can tell is wrong below `node`: unknown keys (with the one that was meant),
/// wrong types, bad durations, sizes, dates, words and ids, keys that this version doesn't have.
void check_form(YamlNode node, const Form&, std::string_view what, Diagnostics&);

/// Whether the node looks like this form at its top (not below): how `one_of` chooses.
bool matches(YamlNode, const Form&);

/// Appends the node as JSON with sorted keys, typed by the form: quoting, comments and key order leave no
/// trace. The node is one that check_form finds nothing wrong with.
void append_canonical(std::string& out, YamlNode, const Form&);

/// "did you mean 'x' (line 5)?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates,
                         const Diagnostics& so_far);

}  // namespace millrace
