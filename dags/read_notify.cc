#include <fmt/format.h>

#include <array>

#include "dags/read.h"
#include "dags/values.h"

namespace millrace {
namespace {

/// `http(s)://host…` without blanks. Where it may lead is looked at when it is sent: names change.
bool is_web_url(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::string_view rest = url.substr(scheme.size());
    return !rest.empty() && rest[0] != '/' && rest[0] != ':' && rest.find_first_of(" \t\"\\@") == rest.npos;
  }
  return false;
}

std::vector<NotifyTarget> read_targets(YamlNode list, Diagnostics& out) {
  std::vector<NotifyTarget> targets;
  for (const YamlNode item : list.items()) {
    if (!item.is_map()) continue;
    const YamlNode webhook = item.find("webhook"), command = item.find("command");
    NotifyTarget target{read_text(webhook), read_texts(command), item.place()};
    if (static_cast<bool>(webhook) == static_cast<bool>(command)) {
      out.add(item.place(), "needs one of 'webhook' and 'command'");
    } else if (webhook && !is_web_url(target.webhook)) {
      out.add(webhook.place(), fmt::format("'{}' isn't a URL that can be posted to", target.webhook),
              "https://host/path, without a user name in it");
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace

Notify read_notify(YamlNode node, Diagnostics& out) {
  Notify notify;
  for (const auto& [key, targets] :
       {std::pair{"on_failure", &notify.on_failure}, std::pair{"on_success", &notify.on_success},
        std::pair{"on_retry", &notify.on_retry}, std::pair{"on_late", &notify.on_late}})
    *targets = read_targets(node.find(key), out);
  return notify;
}

std::optional<Deadline> read_deadline(YamlNode node, Notify& notify, Diagnostics& out) {
  if (!node.is_map()) return std::nullopt;
  Deadline deadline;
  if (node.find("after").text() == "scheduled") deadline.after = Deadline::After::scheduled;
  deadline.within = as_duration(node.find("within")).value_or(Duration{});
  for (NotifyTarget& target : read_targets(node.find("notify"), out))
    notify.on_late.push_back(std::move(target));
  return deadline;
}

}  // namespace millrace
