#include <fmt/format.h>

#include "cli/commands.h"

namespace millrace::cli {
namespace {

std::string path_of(const std::string& key) { return "/api/v2/variables/" + escaped(key); }

}  // namespace

int variables_list(Context& context, const ListOptions& options) {
  const auto answer = fetch(context, "/api/v2/variables?" + options.query());
  if (!answer) return answer.error();
  return print_list(context, *answer, "variables",
                    {{"VARIABLE", "key"}, {"VALUE", "value"}, {"DESCRIPTION", "description"}});
}

int variables_get(Context& context, const std::string& key) {
  const auto answer = fetch(context, path_of(key));
  if (!answer) return answer.error();
  if (!print_json(context, *answer)) print((*answer)["value"].shown() + "\n");
  return ok;
}

int variables_set(Context& context, const std::string& key, const std::string& value,
                  const std::string& description) {
  const std::string body =
      object_of({text_member("key", key), text_member("value", value),
                 description.empty() ? "" : text_member("description", description)});
  const auto old = context.client().get(path_of(key));
  if (!old) return complain(old.error().message), unreachable;
  const bool is_new = old->status == 404;
  const auto answer = is_new ? send(context, "POST", "/api/v2/variables", body)
                             : send(context, "PATCH", path_of(key), body);
  if (!answer) return answer.error();
  if (!print_json(context, *answer)) print(fmt::format("{} is {}\n", key, is_new ? "made" : "changed"));
  return ok;
}

int variables_delete(Context& context, const std::string& key) {
  const auto answer = send(context, "DELETE", path_of(key));
  if (!answer) return answer.error();
  if (context.json) {
    print(object_of({text_member("deleted", key)}) + "\n");
  } else {
    print(fmt::format("{} is removed\n", key));
  }
  return ok;
}

}  // namespace millrace::cli
