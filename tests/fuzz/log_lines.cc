// A task's log as its bytes happen to be: the index and the search against a plain reading of them.
#include <sys/mman.h>
#include <unistd.h>

#include "api/log_index.h"
#include "api/log_search.h"
#include "input.h"

using namespace millrace;

namespace {

const std::function<bool()> no_hurry = [] { return false; };

/// Where line `number` begins, by counting.
std::int64_t start_of(std::string_view bytes, std::int64_t number) {
  std::size_t at = 0;
  for (std::int64_t line = 1; line < number; ++line) {
    const std::size_t end = bytes.find('\n', at);
    if (end == bytes.npos) return static_cast<std::int64_t>(bytes.size());
    at = end + 1;
  }
  return static_cast<std::int64_t>(at);
}

void search(const FileSlice& file, std::string_view bytes, LogQuery query) {
  LogPlace from;
  std::int64_t last_line = 0;
  for (int calls = 0; calls < 1'000; ++calls) {
    const LogMatches found = find_in_log(file, from, query, no_hurry);
    for (const LogMatch& match : found.matches) {
      fuzz::claim(match.line > last_line, "matches come line by line");
      last_line = match.line;
      fuzz::claim(match.offset == start_of(bytes, match.line), "a line begins where it does");
      fuzz::claim(match.at >= match.offset && match.at <= static_cast<std::int64_t>(bytes.size()),
                  "a match lies in its line");
      if (!query.ignore_case)
        fuzz::claim(bytes.substr(static_cast<std::size_t>(match.at)).starts_with(query.text), "it is there");
    }
    if (found.complete) return;
    fuzz::claim(found.next.offset > from.offset || found.next.line > from.line, "the search goes on");
    from = found.next;
  }
  fuzz::claim(false, "the search ends");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  LogQuery query;
  query.ignore_case = in.chance(50);
  query.limit = 1 + in.below(20);
  if (in.chance(30)) query.least = static_cast<LogLevel>(in.below(4));
  query.text = in.text().substr(0, 20);
  const std::string_view bytes = in.rest();
  const int fd = memfd_create("log", MFD_CLOEXEC);
  fuzz::claim(write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "a file");
  const FileSlice file(fd, 0, static_cast<std::int64_t>(bytes.size()));
  LogIndex index;
  const auto seen = index.look(file, no_hurry);
  fuzz::claim(seen.scanned == file.length, "all of it is looked at");
  fuzz::claim(seen.lines == std::count(bytes.begin(), bytes.end(), '\n'), "lines are counted");
  for (std::size_t i = 0; i < seen.offsets.size(); ++i)
    fuzz::claim(seen.offsets[i] == start_of(bytes, 1 + static_cast<std::int64_t>(i) * seen.every),
                "the index says where lines begin");
  if (!query.text.empty() && query.text.find('\n') == query.text.npos && !query.least)
    search(file, bytes, query);
  else
    find_in_log(file, {}, query, no_hurry);
  return 0;
}
