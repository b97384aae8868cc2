#include <fmt/format.h>
#include <unistd.h>

#include "cli/commands.h"

namespace millrace::cli {

int open_browser(Context& context, bool only_print) {
  const auto link = send(context, "POST", "/auth/links", "{}");
  if (!link) return link.error();
  // The daemon may be reached by another name than the one it knows itself by.
  const std::string url = context.client().url() + (*link)["path"].shown();
  if (print_json(context, *link)) return ok;
  print(url + "\n");
  if (only_print) return ok;
  complain(fmt::format("opening it in the browser; it works once, within {} s",
                       (*link)["expires_in"].integer()));
  // In place of this program: nothing is left to wait for.
  ::execlp("xdg-open", "xdg-open", url.c_str(), nullptr);
  complain("no xdg-open here: open the link by hand");
  return ok;
}

}  // namespace millrace::cli
