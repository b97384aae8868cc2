// What daemon and runner tell each other, and the journal a dead runner leaves: damaged bytes are refused,
// whole ones come back as they were.
#include <sys/mman.h>
#include <unistd.h>

#include "executor/dead_runner.h"
#include "executor/messages.h"
#include "input.h"

using namespace millrace;

namespace {

/// Reading and writing again gives the same bytes as long as all fields were there.
template <class Take>
void round_trip(std::string_view fields, Take take) {
  wire::Reader reader(fields);
  const auto value = take(reader);
  if (!reader.ok() || !reader.at_end()) return;
  std::string once, twice;
  wire::Writer first(once);
  put(first, value);
  wire::Reader again(once);
  const auto same = take(again);
  fuzz::claim(again.ok() && again.at_end(), "what we write we can read");
  wire::Writer second(twice);
  put(second, same);
  fuzz::claim(once == twice, "and it says the same");
}

void take_fields(const Frame& frame) {
  switch (frame.type) {
    case MessageType::start: return round_trip(frame.fields, take_spec);
    case MessageType::started: return round_trip(frame.fields, take_start);
    case MessageType::finished: return round_trip(frame.fields, take_exit);
    case MessageType::hello_ok: return round_trip(frame.fields, take_greeting);
    case MessageType::opened: return round_trip(frame.fields, take_opening);
    default: return;
  }
}

void frames(std::string_view bytes) {
  Frame frame{};
  while (take_frame(bytes, frame) == FrameState::whole) {
    fuzz::claim(frame.size > 0 && frame.size <= bytes.size(), "a frame lies within its bytes");
    take_fields(frame);
    bytes.remove_prefix(frame.size);
  }
}

/// The fuzzer can't guess a checksum: it says the types and fields, the records are made here.
std::string journal_of(fuzz::Input& in) {
  std::string out;
  while (!in.empty()) {
    const auto type = static_cast<MessageType>(in.number(1));
    const std::string fields(in.text());
    put_record(out, type, [&](wire::Writer& writer) {
      for (const char c : fields) writer.number(static_cast<std::uint8_t>(c));
    });
  }
  return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  if (in.chance(50)) {
    frames(in.rest());
    return 0;
  }
  const std::size_t cut = in.chance(30) ? in.below(60) : 0;
  std::string journal = journal_of(in);
  journal.resize(journal.size() - std::min(cut, journal.size()));  // torn
  const int fd = memfd_create("journal", MFD_CLOEXEC);
  fuzz::claim(write(fd, journal.data(), journal.size()) == static_cast<ssize_t>(journal.size()), "a file");
  const JournalContents contents = read_journal("/proc/self/fd/" + std::to_string(fd));
  close(fd);
  for (const auto& [id, entry] : contents.attempts)
    fuzz::claim(entry.name.size() <= journal.size(), "nothing is made up");
  return 0;
}
