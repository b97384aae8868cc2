#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/event_topics.h"
#include "api/published.h"
#include "api/stream.h"
#include "base/thread_annotations.h"
#include "store/reader.h"

namespace millrace {

/// Tells committed changes to the readers of the event stream. The loop hands over a batch and goes on; the
/// rest happens on the I/O threads, and on a reader thread for who comes back with a Last-Event-ID. Changes
/// are gathered for a window; each event is rendered once, each set of topics put together once, whoever many
/// read it. Each reader gets each event of its topics once, in order; who is too slow is sent away, not
/// waited for.
class EventHub {
 public:
  struct Ports {
    /// Calls once, later, on an I/O thread; 0: soon.
    std::function<void(std::chrono::milliseconds, std::function<void()>)> after;
    /// Runs with a StoreReader on a reader thread; false: too many wait.
    std::function<bool(std::function<void(StoreReader&)>)> read;
    /// A topic has its first reader, or has lost its last one. Called under the hub's lock: must only hand
    /// over.
    std::function<void(const std::string& topic, bool wanted)> on_interest = {};
    /// Something of a topic that has readers was told just now. The same.
    std::function<void(const std::string& topic)> on_told = {};
  };
  /// `last_event`: the newest one in the store. No batch is published before this.
  EventHub(Ports ports, std::int64_t last_event);

  /// A stream of these topics; `after`: the last event its reader knows. `slot` is held until it closes.
  std::shared_ptr<StreamSource> stream(Topics, std::optional<std::int64_t> after, std::shared_ptr<void> slot);

  /// A committed batch that ends with this number goes by untold when nobody watches; false: somebody does,
  /// it has to be published. One step: who opens a stream either counts it as past, or is told. Loop thread.
  bool skip(std::int64_t last_seq);
  /// A committed batch. Loop thread; never waits for more than a push.
  void publish(Publication);
  /// Tells the readers of one topic something that has no number. Any thread.
  void tell(const std::string& topic, const std::string& text);
  std::size_t readers() const;

 private:
  class Reader;
  using ReaderPtr = std::shared_ptr<Reader>;
  struct Channel {
    Topics topics;
    std::vector<ReaderPtr> readers;
    std::string text;           // of this window, so far
    std::int64_t last_seq = 0;  // the event it got last: several topics may lead to one channel
  };

  void open(const ReaderPtr&);
  void close(const ReaderPtr&);
  void read_on(const ReaderPtr&);
  void read_page(const ReaderPtr&, StoreReader&);
  void flush();
  void ping();
  void subscribe(const ReaderPtr&) REQUIRES(mutex_);
  void unsubscribe(const ReaderPtr&) REQUIRES(mutex_);
  void interest(const Topics&, int change) REQUIRES(mutex_);
  void catch_head_up() REQUIRES(mutex_);
  void route(const std::vector<NamedEvent>&) REQUIRES(mutex_);
  template <class Row>
  void route_unnumbered(const std::vector<Row>&, std::string (*text)(const Row&)) REQUIRES(mutex_);
  void send_all() REQUIRES(mutex_);
  void deliver(Channel&, const Piece&) REQUIRES(mutex_);
  void arm_flush(std::chrono::milliseconds);

  Ports ports_;

  mutable Mutex inbox_mutex_;  // the only one that the loop takes
  std::vector<Publication> inbox_ GUARDED_BY(inbox_mutex_);
  std::int64_t seen_ GUARDED_BY(inbox_mutex_);         // the newest event published
  bool window_open_ GUARDED_BY(inbox_mutex_) = false;  // a flush will come by itself
  std::size_t watchers_ GUARDED_BY(inbox_mutex_) = 0;

  mutable Mutex mutex_;                   // before inbox_mutex_
  std::int64_t head_ GUARDED_BY(mutex_);  // told up to here
  std::map<Topics, Channel> channels_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::vector<Channel*>> by_topic_ GUARDED_BY(mutex_);
  std::map<std::string, int, std::less<>> interest_ GUARDED_BY(mutex_);
  bool pinging_ GUARDED_BY(mutex_) = false;
};

}  // namespace millrace
