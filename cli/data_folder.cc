#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/table.h"

namespace millrace::cli {
namespace {

int refuse(const Error& error) {
  complain(error.message);
  return error.kind == ErrorKind::not_found ? not_found : refused;
}

std::string json_of(const BackupDone& done) {
  return object_of({text_member("file", done.file), fmt::format("\"bytes\":{}", done.bytes),
                    fmt::format("\"schema\":{}", done.schema), fmt::format("\"runs\":{}", done.runs),
                    done.replaced.empty() ? "" : text_member("replaced", done.replaced)}) +
         "\n";
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + json_string(text);
  return "[" + out + "]";
}

}  // namespace

int backup(Context& context, const Programs& programs, const std::string& file) {
  show_progress(context, "copying the database");
  const auto done = programs.backup(context.data_dir, file);
  show_progress(context, "");
  if (!done) return refuse(done.error());
  if (context.json) return print(json_of(*done)), ok;
  print(fmt::format("{}: {} bytes, {} runs, schema {}\n", done->file, done->bytes, done->runs, done->schema));
  return ok;
}

int restore(Context& context, const Programs& programs, const std::string& file, bool force) {
  show_progress(context, "checking the copy");
  const auto done = programs.restore(file, context.data_dir, force);
  show_progress(context, "");
  if (!done) return refuse(done.error());
  if (context.json) return print(json_of(*done)), ok;
  print(fmt::format("{}: {} runs, schema {}\n", done->file, done->runs, done->schema));
  if (!done->replaced.empty()) print(fmt::format("what was there is {}\n", done->replaced));
  return ok;
}

int verify(Context& context, const Programs& programs, bool hash) {
  const auto found = programs.verify(context.data_dir, hash, [&](std::string_view what) {
    show_progress(context, what);
  });
  show_progress(context, "");
  if (!found) return refuse(found.error());
  bool good = true;
  std::string json;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> problems;
  for (const Finding& finding : *found) {
    good = good && finding.problems.empty();
    json += fmt::format("{}{{{},\"seen\":{},\"problems\":{}}}", json.empty() ? "" : ",",
                        text_member("check", finding.check), finding.seen, list_of(finding.problems));
    rows.push_back({finding.check, std::to_string(finding.seen), finding.problems.empty() ? "ok" : "failed"});
    for (const std::string& problem : finding.problems) problems.push_back(finding.check + ": " + problem);
  }
  if (context.json) {
    print(fmt::format("{{\"valid\":{},\"checks\":[{}]}}\n", good, json));
  } else {
    print(render_table({"CHECK", "SEEN", "RESULT"}, rows, context.color));
    for (const std::string& problem : problems) complain(problem);
  }
  return good ? ok : refused;
}

}  // namespace millrace::cli
