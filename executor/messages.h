#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "executor/executor.h"
#include "executor/wire.h"

/// What daemon and runner say to each other, and what the runner's journal holds (docs/runner-protocol.md).
namespace millrace {

inline constexpr std::uint32_t runner_protocol = 1;
inline constexpr std::size_t runner_frame_bytes =
    8u << 20;  ///< argv and env of one attempt: the kernel takes 2 MB

enum class MessageType : std::uint8_t {
  // daemon to runner
  hello = 1,               ///< u32 protocol
  start = 2,               ///< spec
  kill = 3,                ///< i64 attempt, u8 reason
  acknowledge = 4,         ///< i64 attempt (also a journal record)
  shutdown_when_idle = 5,  ///< nothing
  // runner to daemon
  hello_ok = 64,     ///< RunnerGreeting
  held = 65,         ///< i64 attempt: known, not started yet
  started = 66,      ///< i64 attempt, start facts (also a journal record)
  finished = 67,     ///< i64 attempt, exit facts (also a journal record)
  replay_done = 68,  ///< nothing
  refused = 69,      ///< text: why the connection ends
  // journal only
  opened = 128,  ///< JournalOpening
  intent = 129,  ///< i64 attempt, text name: written before the process is made
};

/// The runner's answer to hello.
struct RunnerGreeting {
  std::uint32_t protocol = 0;
  std::string identity;  ///< what the daemon that started it called this build
  std::int64_t pid = 0;
  std::string boot_id, host;
  Isolation isolation;
};

/// First record of a journal: whose facts these are.
struct JournalOpening {
  std::uint32_t protocol = 0;
  std::int64_t pid = 0;
  std::string boot_id, host;
  std::vector<std::string> cgroups;  ///< folders to remove when the runner is gone
};

void put(wire::Writer&, const AttemptSpec&);
void put(wire::Writer&, const StartFacts&);  ///< without boot_id and host: the greeting or opening has them
void put(wire::Writer&, const ExitFacts&);
void put(wire::Writer&, const RunnerGreeting&);
void put(wire::Writer&, const JournalOpening&);

/// Each checks nothing but the presence of its fields: ask the reader's `ok`.
AttemptSpec take_spec(wire::Reader&);
StartFacts take_start(wire::Reader&);
ExitFacts take_exit(wire::Reader&);
RunnerGreeting take_greeting(wire::Reader&);
JournalOpening take_opening(wire::Reader&);

/// Appends one frame (u32 length of the rest, u8 type, fields); `fields(writer)` writes the fields.
template <class Fields>
void put_frame(std::string& out, MessageType type, Fields fields) {
  const std::size_t start = out.size();
  wire::Writer writer(out);
  writer.number(std::uint32_t{0}).number(static_cast<std::uint8_t>(type));
  fields(writer);
  const auto length = static_cast<std::uint32_t>(out.size() - start - 4);
  for (std::size_t i = 0; i < 4; ++i)
    out[start + i] = static_cast<char>(static_cast<unsigned char>(length >> (8 * i)));
}

struct Frame {
  MessageType type;
  std::string_view fields;
  std::size_t size;  ///< bytes of the whole frame
};
enum class FrameState : std::uint8_t { whole, partial, broken };
/// The frame at the start of `bytes`. `broken`: longer than runner_frame_bytes or without a type.
FrameState take_frame(std::string_view bytes, Frame& frame);

/// Appends one journal record: u32 length, u32 CRC-32 of the payload, payload (u8 type, fields).
template <class Fields>
void put_record(std::string& out, MessageType type, Fields fields) {
  std::string payload;
  wire::Writer writer(payload);
  writer.number(static_cast<std::uint8_t>(type));
  fields(writer);
  wire::Writer(out).number(static_cast<std::uint32_t>(payload.size())).number(wire::crc32(payload));
  out += payload;
}

/// The record at the start of `bytes`, or nothing at the end and at the first damaged byte: what follows a
/// damaged record isn't believed.
std::optional<Frame> take_record(std::string_view bytes);

}  // namespace millrace
