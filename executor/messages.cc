#include "executor/messages.h"

namespace millrace {
namespace {

using wire::Reader;
using wire::Writer;

void put_texts(Writer& w, const std::vector<std::string>& texts) {
  w.number(static_cast<std::uint32_t>(texts.size()));
  for (const std::string& text : texts) w.text(text);
}

std::vector<std::string> take_texts(Reader& r) {
  std::vector<std::string> texts;
  const auto count = r.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && r.ok(); ++i) texts.push_back(r.text());
  return texts;
}

}  // namespace

void put(Writer& w, const AttemptSpec& spec) {
  w.number(spec.attempt.value).text(spec.name);
  put_texts(w, spec.argv);
  w.number(static_cast<std::uint32_t>(spec.env.size()));
  for (const auto& [key, value] : spec.env) w.text(key).text(value);
  w.text(spec.cwd).text(spec.log_path).text(spec.output_path);
  w.flag(spec.timeout.has_value()).number(spec.timeout.value_or(Duration{0}).count());
  w.number(std::int32_t{spec.termination_signal}).number(spec.termination_grace.count());
  w.number(spec.memory_bytes).number(spec.cpu_milli).number(spec.log_bytes);
  w.text(spec.user).text(spec.group);
}

AttemptSpec take_spec(Reader& r) {
  AttemptSpec spec;
  spec.attempt.value = r.number<std::int64_t>();
  spec.name = r.text();
  spec.argv = take_texts(r);
  const auto pairs = r.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < pairs && r.ok(); ++i) {
    std::string key = r.text();
    spec.env.emplace_back(std::move(key), r.text());
  }
  spec.cwd = r.text();
  spec.log_path = r.text();
  spec.output_path = r.text();
  const bool has_timeout = r.flag();
  const Duration timeout{r.number<std::int64_t>()};
  if (has_timeout) spec.timeout = timeout;
  spec.termination_signal = r.number<std::int32_t>();
  spec.termination_grace = Duration{r.number<std::int64_t>()};
  spec.memory_bytes = r.number<std::int64_t>();
  spec.cpu_milli = r.number<std::int64_t>();
  spec.log_bytes = r.number<std::int64_t>();
  spec.user = r.text();
  spec.group = r.text();
  return spec;
}

void put(Writer& w, const StartFacts& facts) {
  w.number(facts.pid).number(facts.start_ticks).number(facts.at.us);
}

StartFacts take_start(Reader& r) {
  StartFacts facts;
  facts.pid = r.number<std::int64_t>();
  facts.start_ticks = r.number<std::uint64_t>();
  facts.at.us = r.number<std::int64_t>();
  return facts;
}

void put(Writer& w, const ExitFacts& facts) {
  w.number(static_cast<std::uint8_t>(facts.kind)).number(std::int32_t{facts.wait_status});
  w.flag(facts.timed_out).flag(facts.killed).flag(facts.oom).flag(facts.log_truncated);
  w.number(facts.user_us)
      .number(facts.system_us)
      .number(facts.max_rss_bytes)
      .number(facts.at.us)
      .text(facts.message);
}

ExitFacts take_exit(Reader& r) {
  ExitFacts facts;
  facts.kind = static_cast<ExitFacts::Kind>(r.number<std::uint8_t>());
  facts.wait_status = r.number<std::int32_t>();
  facts.timed_out = r.flag();
  facts.killed = r.flag();
  facts.oom = r.flag();
  facts.log_truncated = r.flag();
  facts.user_us = r.number<std::int64_t>();
  facts.system_us = r.number<std::int64_t>();
  facts.max_rss_bytes = r.number<std::int64_t>();
  facts.at.us = r.number<std::int64_t>();
  facts.message = r.text();
  return facts;
}

void put(Writer& w, const RunnerGreeting& greeting) {
  w.number(greeting.protocol)
      .text(greeting.identity)
      .number(greeting.pid)
      .text(greeting.boot_id)
      .text(greeting.host);
  w.number(static_cast<std::uint8_t>(greeting.isolation.cgroups)).text(greeting.isolation.detail);
}

RunnerGreeting take_greeting(Reader& r) {
  RunnerGreeting greeting;
  greeting.protocol = r.number<std::uint32_t>();
  greeting.identity = r.text();
  greeting.pid = r.number<std::int64_t>();
  greeting.boot_id = r.text();
  greeting.host = r.text();
  greeting.isolation.cgroups = static_cast<Isolation::Cgroups>(r.number<std::uint8_t>());
  greeting.isolation.detail = r.text();
  return greeting;
}

void put(Writer& w, const JournalOpening& opening) {
  w.number(opening.protocol).number(opening.pid).text(opening.boot_id).text(opening.host);
  put_texts(w, opening.cgroups);
}

JournalOpening take_opening(Reader& r) {
  JournalOpening opening;
  opening.protocol = r.number<std::uint32_t>();
  opening.pid = r.number<std::int64_t>();
  opening.boot_id = r.text();
  opening.host = r.text();
  opening.cgroups = take_texts(r);
  return opening;
}

FrameState take_frame(std::string_view bytes, Frame& frame) {
  if (bytes.size() < 4) return FrameState::partial;
  const auto length = Reader(bytes).number<std::uint32_t>();
  if (length == 0 || length > runner_frame_bytes) return FrameState::broken;
  if (bytes.size() - 4 < length) return FrameState::partial;
  frame = {static_cast<MessageType>(bytes[4]), bytes.substr(5, length - 1), std::size_t{4} + length};
  return FrameState::whole;
}

std::optional<Frame> take_record(std::string_view bytes) {
  Reader header(bytes);
  const auto length = header.number<std::uint32_t>();
  const auto crc = header.number<std::uint32_t>();
  if (!header.ok() || length == 0 || bytes.size() - 8 < length) return std::nullopt;
  const std::string_view payload = bytes.substr(8, length);
  if (wire::crc32(payload) != crc) return std::nullopt;
  return Frame{static_cast<MessageType>(payload[0]), payload.substr(1), std::size_t{8} + length};
}

}  // namespace millrace
