#include "api/log_follow.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "api/event_hub.h"
#include "api/json.h"
#include "base/limits.h"
#include "base/log.h"

namespace millrace {
namespace {

constexpr std::int64_t shown_after_cut = 512;  // the marker that the runner leaves in a log over its cap

std::string piece_text(std::int64_t offset, std::string_view bytes, std::int64_t size) {
  JsonWriter out;
  out.begin_object().int_field("offset", offset).int_field("size", size).text_field("text", bytes);
  out.end_object();
  return fmt::format("id: {}\nevent: log\ndata: {}\n\n", offset + static_cast<std::int64_t>(bytes.size()),
                     out.text());
}

std::string end_text(std::int64_t offset, const AttemptRow& attempt) {
  JsonWriter out;
  out.begin_object().int_field("size", offset).int_field("try_number", attempt.try_number);
  out.text_field("outcome", to_word(*attempt.outcome)).end_object();
  return fmt::format("id: {}\nevent: end\ndata: {}\n\n", offset, out.text());
}

std::string cut_text(std::int64_t offset, std::int64_t size) {
  JsonWriter out;
  out.begin_object().text_field("reason", "the log was over its cap and was cut").int_field("size", size);
  out.end_object();
  return fmt::format("id: {}\nevent: reset\ndata: {}\n\n", offset, out.text());
}

/// Reads the stream of its run to learn when to look: a reader of the hub's, and a source of its own.
class LogFollow final : public StreamSource, public std::enable_shared_from_this<LogFollow> {
 public:
  LogFollow(Services& services, FoundLog log, std::int64_t from, std::shared_ptr<void> slot)
      : services_(services), log_(std::move(log)), offset_(from), slot_(std::move(slot)) {}

  void opened(std::shared_ptr<StreamOut> out) override;
  void drained() override { step(); }
  void closed() override;
  void wake(std::string_view text);

 private:
  /// What the hub sees of it. Writes are calls to look, nothing is kept.
  class Ear final : public StreamOut {
   public:
    explicit Ear(std::weak_ptr<LogFollow> follow) : follow_(std::move(follow)) {}
    void write(Piece piece) override {
      if (const auto follow = follow_.lock()) follow->wake(*piece);
    }
    void finish(Piece, bool) override {}
    std::size_t waiting() const override { return 0; }

   private:
    std::weak_ptr<LogFollow> follow_;
  };

  void step();
  void look(StoreReader&);
  void send_piece(std::int64_t size);

  Services& services_;
  FoundLog log_;  // its attempt and file: one thread at a time, that of the step
  std::int64_t offset_;
  std::shared_ptr<void> slot_;
  std::shared_ptr<StreamOut> out_;     // shared with the connection
  std::shared_ptr<StreamSource> hub_;  // its own place among the hub's readers
  std::atomic<bool> stepping_ = false;
  std::atomic<bool> again_ = false;  // something has happened since the step began
  std::atomic<bool> closed_ = false;
};

void LogFollow::opened(std::shared_ptr<StreamOut> out) {
  out_ = std::move(out);
  out_->write(piece_of("retry: 3000\n\n"));
  Topics topics;
  topics.names = {run_topic(log_.of.run.dag_id, log_.of.run.run_id)};
  hub_ = services_.events.stream(std::move(topics), std::nullopt, nullptr);
  hub_->opened(std::make_shared<Ear>(weak_from_this()));
  step();
}

void LogFollow::closed() {
  closed_ = true;
  if (const auto hub = std::exchange(hub_, nullptr)) hub->closed();
  slot_.reset();
}

/// Under the hub's lock: only hands over.
void LogFollow::wake(std::string_view text) {
  const bool for_all = text.starts_with(": ");  // a ping, or logs that grew without a name
  if (!for_all && text.find(log_.of.instance.task_id) == text.npos) return;
  if (text.starts_with(": ping") && out_->waiting() == 0) out_->write(piece_of(": ping\n\n"));
  step();
}

/// One look at a time, on a reader thread; nothing while a piece still leaves.
void LogFollow::step() {
  again_ = true;
  if (closed_ || stepping_.exchange(true)) return;
  const bool taken = services_.readers.post([self = shared_from_this()](StoreReader& reader) {
    try {
      self->again_ = false;
      if (!self->closed_) self->look(reader);
    } catch (const std::exception& e) {
      log::error("log follow: {}", e.what());
      self->out_->finish(piece_of(""), false);
    }
    self->stepping_ = false;
    if (self->again_.exchange(false)) self->step();
  });
  if (!taken) out_->finish(piece_of(""), false);  // the client comes back with its last id
}

void LogFollow::look(StoreReader& reader) {
  if (out_->waiting() > 0) return;  // drained() comes
  // First whether it has ended, then how long the log is: an ended attempt writes no more.
  if (!log_.attempt.outcome) {
    const auto attempts = reader.attempts(log_.of.instance.id);
    const auto at = std::ranges::find(attempts, log_.attempt.id, &AttemptRow::id);
    if (at != attempts.end()) log_.attempt = *at;
  }
  if (!log_.file) log_.file = open_log(services_, log_.of.run.dag_id, log_.attempt);
  const std::int64_t size = log_.file.shown_bytes(!log_.attempt.outcome);
  if (size < offset_) {
    offset_ = std::max<std::int64_t>(0, size - shown_after_cut);
    return out_->write(piece_of(cut_text(offset_, size)));
  }
  if (offset_ < size) return send_piece(size);
  if (log_.attempt.outcome) out_->finish(piece_of(end_text(offset_, log_.attempt)), false);
}

void LogFollow::send_piece(std::int64_t size) {
  std::string bytes(limits::log_follow_piece, '\0');
  bytes.resize(std::min(bytes.size(), static_cast<std::size_t>(size - offset_)));
  const ssize_t got = log_.file.read_at(bytes, offset_);
  if (got <= 0) return;
  bytes.resize(static_cast<std::size_t>(got));
  const bool last = log_.attempt.outcome && offset_ + got >= size;
  const std::size_t whole = last ? bytes.size() : whole_characters(bytes);
  if (whole == 0) return;  // the rest of the character is still to be written
  bytes.resize(whole);
  const std::int64_t from = std::exchange(offset_, offset_ + static_cast<std::int64_t>(whole));
  out_->write(piece_of(piece_text(from, bytes, size)));
}

}  // namespace

std::size_t whole_characters(std::string_view bytes) {
  // At most three bytes of a character can be there without its last one.
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, bytes.size()); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if ((byte & 0xc0) == 0x80) continue;
    const std::size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.size() - back : bytes.size();
  }
  return bytes.size();
}

std::shared_ptr<StreamSource> follow_log(Services& services, FoundLog log, std::int64_t from,
                                         std::shared_ptr<void> slot) {
  return std::make_shared<LogFollow>(services, std::move(log), from, std::move(slot));
}

}  // namespace millrace
