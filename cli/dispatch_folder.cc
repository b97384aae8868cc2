#include <CLI/CLI.hpp>

#include "cli/dispatch.h"

namespace millrace::cli {

void add_folder_commands(CLI::App& app, Dispatch& d) {
  struct Folder {
    std::string file;
    bool flag = false;
  };
  const auto saved = std::make_shared<Folder>();
  CLI::App* save = command<Folder>(
      app, d, "backup", "copy the data folder's database; a daemon may run", saved,
      [&d](Context& context, const Folder& f) { return backup(context, d.programs, f.file); });
  save->add_option("FILE", saved->file, "the copy; must not exist")->required();
  save->footer("Example:\n  millrace backup millrace-2001-01-05.db --data .millrace");
  const auto back = std::make_shared<Folder>();
  CLI::App* put = command<Folder>(
      app, d, "restore", "put a copy into a data folder; no daemon may run there", back,
      [&d](Context& context, const Folder& f) { return restore(context, d.programs, f.file, f.flag); });
  put->add_option("FILE", back->file, "what `millrace backup` wrote")->required();
  put->add_flag("--force", back->flag, "the folder isn't empty: its database moves aside");
  put->footer("Example:\n  millrace restore millrace-2001-01-05.db --data new");
  const auto looked = std::make_shared<Folder>();
  CLI::App* look = command<Folder>(
      app, d, "verify", "check a data folder: pages, references, audit log, datasets", looked,
      [&d](Context& context, const Folder& f) { return verify(context, d.programs, f.flag); });
  look->add_flag("--hash", looked->flag, "read what partitions hold and compare it too");
  look->footer("Example:\n  millrace verify --data .millrace --hash");
}

}  // namespace millrace::cli
