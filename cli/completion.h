#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/context.h"

namespace CLI {
class App;
}

namespace millrace::cli {

/// The script for `bash`, `zsh` or `fish`: it asks `millrace __complete WORDS…` at each tab, so that it never
/// gets old. Empty: no such shell.
std::string_view completion_script(std::string_view shell);

/// What may stand in place of the last of `words` (what follows the program's name, up to the cursor):
/// commands, options and fixed values from the parser's own tree; ids from the daemon if it answers at once.
std::vector<std::string> completions(const CLI::App& app, Context& context,
                                     const std::vector<std::string>& words);

}  // namespace millrace::cli
