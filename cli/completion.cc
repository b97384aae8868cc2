#include "cli/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

namespace millrace::cli {
namespace {

constexpr std::string_view bash = R"(# millrace completion bash > /etc/bash_completion.d/millrace
_millrace() {
  local current="${COMP_WORDS[COMP_CWORD]}" IFS=$'\n' line words
  COMPREPLY=()
  # Bash cuts words at ':' too, and run ids have them: put together again what stood together.
  line="${COMP_LINE:0:COMP_POINT}"
  IFS=$' \t\n' read -r -a words <<< "$line"
  [[ "$line" =~ [[:space:]]$ ]] && words+=("")
  current="${words[${#words[@]}-1]}"
  local found
  while IFS= read -r found; do COMPREPLY+=("$found"); done \
    < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  if [[ "$current" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then
    local before="${current%"${current##*:}"}" i
    for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]="${COMPREPLY[i]#"$before"}"; done
  fi
}
complete -o default -F _millrace millrace
)";

constexpr std::string_view zsh = R"(#compdef millrace
# millrace completion zsh > "${fpath[1]}/_millrace"
_millrace() {
  local -a found
  found=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if (( ${#found} )) && [[ -n "${found[1]}" ]]; then
    compadd -- "${found[@]}"
  else
    _files
  fi
}
if [[ "${funcstack[1]}" == _millrace ]]; then _millrace "$@"; else compdef _millrace millrace; fi
)";

constexpr std::string_view fish = R"(# millrace completion fish > ~/.config/fish/completions/millrace.fish
function __millrace_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] __complete $words[2..-1] 2>/dev/null)
    if test -n "$found"
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c millrace -f -a '(__millrace_complete)'
)";

/// Where a command line has come to.
struct Position {
  const CLI::App* command = nullptr;
  std::vector<std::string> values;        ///< of the command's positionals, up to the cursor
  const CLI::Option* option = nullptr;    ///< the cursor stands at its value
  std::map<std::string, std::string> of;  ///< what was given to options, by name
};

const CLI::Option* option_named(const CLI::App* command, const std::string& name) {
  for (; command != nullptr; command = command->get_parent())
    if (const auto* found = command->get_option_no_throw(name)) return found;
  return nullptr;
}

const CLI::App* subcommand_named(const CLI::App& command, const std::string& name) {
  for (const CLI::App* each : command.get_subcommands({}))
    if (each->get_name() == name) return each;
  return nullptr;
}

Position walk(const CLI::App& app, const std::vector<std::string>& words) {
  Position at;
  at.command = &app;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.size() > 1 && word[0] == '-') {
      const std::size_t equals = word.find('=');
      const CLI::Option* option = option_named(at.command, word.substr(0, equals));
      if (option == nullptr || option->get_items_expected_max() == 0) continue;
      if (equals != word.npos) {
        at.of[option->get_name()] = word.substr(equals + 1);
      } else if (i + 2 == words.size()) {
        at.option = option;
      } else {
        at.of[option->get_name()] = words[++i];
      }
    } else if (const auto* next = at.values.empty() ? subcommand_named(*at.command, word) : nullptr) {
      at.command = next;
    } else {
      at.values.push_back(word);
    }
  }
  return at;
}

/// `TEXT:{a,b,c}` is how the parser describes a choice.
std::vector<std::string> choices(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t from = type.find('{'), to = type.find('}');
  std::vector<std::string> out;
  if (from == type.npos || to == type.npos) return out;
  for (std::size_t at = from + 1; at < to;) {
    const std::size_t comma = std::min(type.find(',', at), to);
    out.push_back(type.substr(at, comma - at));
    at = comma + 1;
  }
  return out;
}

std::vector<std::string> ask(Context& context, const std::string& path, std::string_view plural,
                             std::string_view member) {
  std::vector<std::string> out;
  context.client().hurry();
  const auto reply = context.client().get(path);
  const auto answer = reply && reply->status == 200 ? read_json(reply->body) : std::nullopt;
  if (!answer) return out;
  for (const Json& item : (*answer)[plural].items) out.push_back(item[member].shown());
  return out;
}

/// What a positional of this name may be. Ids are asked for by their beginning where the API can.
std::vector<std::string> values_of(const std::string& name, const Position& at, Context& context,
                                   const std::string& begin) {
  const std::string page = "?limit=100";
  const std::string dag = at.values.empty() ? "" : "/api/v2/dags/" + escaped(at.values[0]);
  if (name == "DAG" && at.of.contains("--local")) return {};
  if (name == "DAG")
    return ask(context, "/api/v2/dags" + page + (begin.empty() ? "" : "&dag_id_pattern=" + escaped(begin)),
               "dags", "dag_id");
  if (name == "RUN" && !dag.empty())
    return ask(context, dag + "/dagRuns" + page + "&order_by=-id", "dag_runs", "dag_run_id");
  if (name == "TASK" && !dag.empty()) return ask(context, dag + "/tasks", "tasks", "task_id");
  if (name == "POOL") return ask(context, "/api/v2/pools" + page, "pools", "name");
  if (name == "DATASET") return ask(context, "/api/v2/datasets" + page, "datasets", "name");
  if (name == "VARIABLE") return ask(context, "/api/v2/variables" + page, "variables", "key");
  if (name == "TOKEN") return ask(context, "/api/v2/tokens" + page, "tokens", "name");
  if (name == "ID") return ask(context, "/api/v2/backfills" + page, "backfills", "id");
  return {};
}

/// The positional that comes next, the last one if it takes many.
const CLI::Option* next_positional(const CLI::App& command, std::size_t given) {
  const CLI::Option* last = nullptr;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    last = option;
    if (given-- == 0) return option;
  }
  return last != nullptr && last->get_items_expected_max() > 1 ? last : nullptr;
}

void add_options(const CLI::App* command, std::vector<std::string>& out) {
  for (; command != nullptr; command = command->get_parent())
    for (const CLI::Option* option : command->get_options())
      for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
}

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return bash;
  if (shell == "zsh") return zsh;
  return shell == "fish" ? fish : std::string_view{};
}

std::vector<std::string> completions(const CLI::App& app, Context& context,
                                     const std::vector<std::string>& words) {
  const std::string begin = words.empty() ? "" : words.back();
  const Position at = walk(app, words);
  const auto given = [&](const char* name, std::string& into) {
    if (const auto found = at.of.find(name); found != at.of.end()) into = found->second;
  };
  given("--url", context.url);
  given("--token", context.token);
  given("--data", context.data_dir);
  std::vector<std::string> all;
  if (at.option != nullptr) {
    all = choices(*at.option);
  } else if (begin.starts_with('-')) {
    add_options(at.command, all);
  } else if (const auto commands = at.command->get_subcommands({}); !commands.empty()) {
    for (const CLI::App* each : commands)
      if (!each->get_group().empty()) all.push_back(each->get_name());
  } else if (const CLI::Option* next = next_positional(*at.command, at.values.size())) {
    all = choices(*next);
    if (all.empty()) all = values_of(next->get_single_name(), at, context, begin);
  }
  std::erase_if(all, [&](const std::string& word) { return !word.starts_with(begin); });
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace millrace::cli
