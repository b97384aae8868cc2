#include "api/event_hub.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "api/event_reader.h"
#include "api/event_text.h"
#include "base/limits.h"

namespace millrace {
namespace {

/// Of each object only its newest event counts for who merges: true for the others.
std::vector<bool> superseded(const std::vector<NamedEvent>& events) {
  std::vector<bool> old(events.size(), false);
  std::unordered_set<std::int64_t> seen;
  for (std::size_t i = events.size(); i-- > 0;) {
    if (const std::int64_t object = object_of(events[i]); object != 0) old[i] = !seen.insert(object).second;
  }
  return old;
}

}  // namespace

EventHub::EventHub(Ports ports, std::int64_t last_event)
    : ports_(std::move(ports)), seen_(last_event), head_(last_event) {}

bool EventHub::skip(std::int64_t last_seq) {
  MutexLock lock(inbox_mutex_);
  // Behind a batch that still waits to be told it has to wait as well: who comes in between begins there.
  if (watchers_ != 0 || !inbox_.empty()) return false;
  seen_ = std::max(seen_, last_seq);
  return true;
}

void EventHub::publish(Publication batch) {
  bool first = false;
  {
    MutexLock lock(inbox_mutex_);
    seen_ = std::max(seen_, batch.last_seq);
    if (watchers_ == 0 && inbox_.empty()) return;
    inbox_.push_back(std::move(batch));
    first = !std::exchange(window_open_, true);
  }
  if (first) arm_flush(std::chrono::milliseconds{0});
}

void EventHub::arm_flush(std::chrono::milliseconds delay) {
  ports_.after(delay, [this] { flush(); });
}

/// The first change after a quiet time is told at once; what follows waits for the end of the window.
void EventHub::flush() {
  {
    MutexLock lock(mutex_);
    std::vector<Publication> batches;
    std::int64_t upto = 0;
    {
      MutexLock inbox(inbox_mutex_);
      if (inbox_.empty()) {
        window_open_ = false;
        return;
      }
      batches.swap(inbox_);
      upto = seen_;
    }
    Publication all = std::move(batches.front());
    for (std::size_t i = 1; i < batches.size(); ++i) append(all, std::move(batches[i]));
    route(all.events);
    route_unnumbered(all.backfills, progress_text);
    route_unnumbered(all.datasets, renewed_text);
    send_all();
    head_ = upto;
  }
  arm_flush(limits::stream_window);
}

void EventHub::route(const std::vector<NamedEvent>& events) {
  const bool merging = std::ranges::any_of(channels_, [](const auto& c) { return c.first.merge; });
  const std::vector<bool> old = merging ? superseded(events) : std::vector<bool>(events.size(), false);
  std::unordered_set<std::string> told;
  if (ports_.on_told && by_topic_.contains("capacity") &&
      std::ranges::any_of(events, [](const NamedEvent& named) { return named.event.kind == "task"; }))
    ports_.on_told("capacity");
  for (std::size_t i = 0; i < events.size(); ++i) {
    const NamedEvent& named = events[i];
    std::string text;
    for (const std::string& topic : topics_of(named)) {
      const auto found = by_topic_.find(topic);
      if (found == by_topic_.end()) continue;
      if (ports_.on_told && told.insert(topic).second) ports_.on_told(topic);
      for (Channel* channel : found->second) {
        if (channel->last_seq == named.event.seq || !channel->topics.has_dag(named.event.dag_id)) continue;
        channel->last_seq = named.event.seq;
        if (channel->topics.merge && old[i]) continue;
        if (!channel->topics.within.empty()) {
          channel->text += text_for(channel->topics, named);
          continue;
        }
        if (text.empty()) text = event_text(named);
        channel->text += text;
      }
    }
  }
}

template <class Row>
void EventHub::route_unnumbered(const std::vector<Row>& rows, std::string (*text)(const Row&)) {
  for (const Row& row : rows) {
    std::unordered_set<Channel*> got;
    std::string rendered;
    for (const std::string& topic : topics_of(row)) {
      const auto found = by_topic_.find(topic);
      if (found == by_topic_.end()) continue;
      for (Channel* channel : found->second) {
        if (!channel->topics.has_dag(dag_of(row)) || !got.insert(channel).second) continue;
        if (rendered.empty()) rendered = text(row);
        channel->text += rendered;
      }
    }
  }
}

void EventHub::send_all() {
  for (auto at = channels_.begin(); at != channels_.end();) {
    Channel& channel = (at++)->second;  // deliver() may end it
    if (!channel.text.empty()) deliver(channel, piece_of(std::exchange(channel.text, {})));
  }
}

void EventHub::deliver(Channel& channel, const Piece& piece) {
  std::vector<ReaderPtr> slow;
  for (const ReaderPtr& reader : channel.readers) {
    // A burst may be larger than the backlog: who takes some of it is let go on for a while.
    const std::size_t waits = reader->out->waiting();
    const bool stuck = waits > limits::stream_backlog && waits >= reader->waited;
    if (stuck || waits > limits::stream_backlog_most) {
      slow.push_back(reader);
      continue;
    }
    reader->out->write(piece);
    reader->waited = waits + piece->size();
  }
  if (slow.empty()) return;
  const Piece resync = piece_of(resync_text());
  for (const ReaderPtr& reader : slow) {
    reader->out->finish(resync, true);
    unsubscribe(reader);
  }
}

void EventHub::tell(const std::string& topic, const std::string& text) {
  MutexLock lock(mutex_);
  const auto found = by_topic_.find(topic);
  if (found == by_topic_.end()) return;
  const Piece piece = piece_of(text);
  const std::vector<Channel*> channels = found->second;  // deliver() may end one
  for (Channel* channel : channels) deliver(*channel, piece);
}

void EventHub::ping() {
  {
    MutexLock lock(mutex_);
    if (channels_.empty()) {
      pinging_ = false;
      return;
    }
    const Piece piece = piece_of(ping_text(head_));
    for (const auto& [topics, channel] : channels_) {
      for (const ReaderPtr& reader : channel.readers)
        if (reader->out->waiting() == 0) reader->out->write(piece);
    }
  }
  ports_.after(limits::stream_ping, [this] { ping(); });
}

void EventHub::subscribe(const ReaderPtr& reader) {
  reader->live = true;
  Channel& channel = channels_[reader->topics];
  if (channel.readers.empty()) {
    channel.topics = reader->topics;
    for (const std::string& topic : channel.topics.names) by_topic_[topic].push_back(&channel);
  }
  channel.readers.push_back(reader);
  if (!std::exchange(pinging_, true)) ports_.after(limits::stream_ping, [this] { ping(); });
}

void EventHub::unsubscribe(const ReaderPtr& reader) {
  if (!std::exchange(reader->live, false)) return;
  const auto at = channels_.find(reader->topics);
  std::erase(at->second.readers, reader);
  if (!at->second.readers.empty()) return;
  for (const std::string& topic : at->first.names) {
    const auto found = by_topic_.find(topic);
    std::erase(found->second, &at->second);
    if (found->second.empty()) by_topic_.erase(found);
  }
  channels_.erase(at);
}

void EventHub::interest(const Topics& topics, int change) {
  for (const std::string& topic : topics.names) {
    int& count = interest_[topic];
    const bool before = count > 0;
    count += change;
    const bool wanted = count > 0;
    if (before != wanted && ports_.on_interest) ports_.on_interest(topic, wanted);
    if (!wanted) interest_.erase(topic);
  }
}

std::size_t EventHub::readers() const {
  MutexLock lock(inbox_mutex_);
  return watchers_;
}

}  // namespace millrace
