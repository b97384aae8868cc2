#include "store/scope.h"

#include <algorithm>

#include "store/words_sql.h"

namespace millrace {

Scope::Scope(std::vector<std::string> dag_ids) : dag_ids_(std::move(dag_ids)) {
  std::ranges::sort(dag_ids_);
  json_ = json_from(dag_ids_);
}

bool Scope::has(std::string_view dag_id) const {
  return std::ranges::binary_search(dag_ids_, dag_id, std::ranges::less{},
                                    [](const std::string& one) { return std::string_view(one); });
}

std::string without_others(std::string_view words, const std::function<bool(std::string_view)>& sees) {
  constexpr std::string_view task = "task ";
  std::size_t at = words.find(task);
  while (at != words.npos && at > 0 && words[at - 1] != ' ') at = words.find(task, at + 1);
  if (at == words.npos) return std::string(words);
  const std::string_view name = words.substr(at + task.size());
  const std::string_view dag_id = name.substr(0, name.find('/'));
  const bool names_one = dag_id.size() < name.size() && dag_id.find_first_of(" '") == dag_id.npos;
  if (!names_one || sees(dag_id)) return std::string(words);
  return std::string(words.substr(0, at)) + "a task of another DAG";
}

}  // namespace millrace
