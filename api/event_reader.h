#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "api/event_hub.h"

/// Inside of the hub: one reader of the stream, from its hello over what it missed to what happens now.
namespace millrace {

class EventHub::Reader final : public StreamSource, public std::enable_shared_from_this<EventHub::Reader> {
 public:
  Reader(EventHub& hub, Topics asked, std::optional<std::int64_t> last, std::shared_ptr<void> place)
      : topics(std::move(asked)), after(last), hub_(hub), slot_(std::move(place)) {}

  void opened(std::shared_ptr<StreamOut> to) override {
    out = std::move(to);
    hub_.open(shared_from_this());
  }
  void drained() override {
    if (page_due.exchange(false)) hub_.read_on(shared_from_this());
  }
  void closed() override {
    hub_.close(shared_from_this());
    slot_.reset();
  }

  const Topics topics;
  const std::optional<std::int64_t> after;
  std::shared_ptr<StreamOut> out;      ///< shared with the connection
  std::int64_t position = 0;           ///< read again up to here; one thread at a time
  std::atomic<bool> page_due = false;  ///< the next page is read when the last one has left
  std::size_t waited = 0;              ///< bytes, after the newest piece; under the hub's lock
  bool live = false;                   ///< in a channel; under the hub's lock
  bool gone = false;                   ///< the same

 private:
  EventHub& hub_;
  std::shared_ptr<void> slot_;
};

/// What an event moves, as one number; 0: nothing that moves twice.
std::int64_t object_of(const NamedEvent&);
/// Puts `later` behind `all`; of each backfill the later row stays.
void append(Publication& all, Publication later);
inline const std::string& dag_of(const BackfillRow& row) { return row.spec.dag_id; }
inline const std::string& dag_of(const NamedDatasetEvent& named) { return named.dag_id; }

}  // namespace millrace
