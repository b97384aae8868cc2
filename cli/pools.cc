#include <fmt/format.h>

#include "cli/commands.h"

namespace millrace::cli {

int pools_list(Context& context) {
  const auto answer = fetch(context, "/api/v2/pools?limit=1000");
  if (!answer) return answer.error();
  return print_list(context, *answer, "pools",
                    {{"POOL", "name"},
                     {"SLOTS", "slots"},
                     {"OPEN", "open_slots"},
                     {"RUNNING", "running_slots"},
                     {"QUEUED", "queued_slots"},
                     {"WAITING", "scheduled_slots"},
                     {"DESCRIPTION", "description"}});
}

int pools_set(Context& context, const std::string& name, int slots, const std::string& description) {
  const std::string path = "/api/v2/pools/" + escaped(name);
  const auto found = context.client().get(path);
  if (!found) return complain(found.error().message), unreachable;
  const std::string more = description.empty() ? "" : text_member("description", description);
  const std::string size = fmt::format("\"slots\":{}", slots);
  const auto answer = found->status == 404 ? send(context, "POST", "/api/v2/pools",
                                                  object_of({text_member("name", name), size, more}))
                                           : send(context, "PATCH", path, object_of({size, more}));
  if (!answer) return answer.error();
  if (!print_json(context, *answer)) print(fmt::format("pool {} has {} slots\n", name, slots));
  return ok;
}

int pools_delete(Context& context, const std::string& name) {
  const auto answer = send(context, "DELETE", "/api/v2/pools/" + escaped(name));
  if (!answer) return answer.error();
  if (!context.json) print(fmt::format("pool {} is removed\n", name));
  return ok;
}

}  // namespace millrace::cli
