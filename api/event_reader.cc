#include "api/event_reader.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "api/event_text.h"
#include "base/limits.h"
#include "base/log.h"

namespace millrace {

std::int64_t object_of(const NamedEvent& named) {
  const EventRow& event = named.event;
  if (event.kind == "task") return event.task_instance.value * 4;
  if (event.kind == "run") return event.run.value * 4 + 1;
  if (event.kind == "backfill") return backfill_of(event).value * 4 + 2;
  return 0;
}

void append(Publication& all, Publication later) {
  std::ranges::move(later.events, std::back_inserter(all.events));
  std::ranges::move(later.datasets, std::back_inserter(all.datasets));
  for (BackfillRow& row : later.backfills) {
    const auto same = std::ranges::find(all.backfills, row.id, &BackfillRow::id);
    if (same == all.backfills.end())
      all.backfills.push_back(std::move(row));
    else
      *same = std::move(row);
  }
  all.last_seq = std::max(all.last_seq, later.last_seq);
}

std::shared_ptr<StreamSource> EventHub::stream(Topics topics, std::optional<std::int64_t> after,
                                               std::shared_ptr<void> slot) {
  return std::make_shared<Reader>(*this, std::move(topics), after, std::move(slot));
}

/// While nobody watched, numbers went by without a flush.
void EventHub::catch_head_up() {
  MutexLock inbox(inbox_mutex_);
  ++watchers_;
  if (inbox_.empty()) head_ = seen_;
}

void EventHub::open(const ReaderPtr& reader) {
  MutexLock lock(mutex_);
  catch_head_up();
  interest(reader->topics, 1);
  const std::int64_t after = reader->after.value_or(head_);
  reader->position = after;
  if (!reader->after || after == head_) {
    reader->out->write(piece_of(hello_text(head_)));
    return subscribe(reader);
  }
  reader->out->write(piece_of(hello_text(std::nullopt)));
  if (after > head_ || after < 0 || head_ - after > limits::stream_replay) {
    reader->out->write(piece_of(
        reset_text(head_, after > head_ ? "this daemon has no such event yet" : "too much has happened")));
    return subscribe(reader);
  }
  read_on(reader);
}

void EventHub::close(const ReaderPtr& reader) {
  MutexLock lock(mutex_);
  if (std::exchange(reader->gone, true)) return;
  unsubscribe(reader);
  interest(reader->topics, -1);
  MutexLock inbox(inbox_mutex_);
  --watchers_;
}

void EventHub::read_on(const ReaderPtr& reader) {
  const bool taken = ports_.read([this, reader](StoreReader& store) {
    try {
      read_page(reader, store);
    } catch (const std::exception& e) {
      log::error("events: {}", e.what());
      reader->out->finish(piece_of(resync_text()), false);
    }
  });
  if (!taken) reader->out->finish(piece_of(resync_text()), false);
}

/// Pages from the record until the reader is where the others are; then it is one of them. The next page
/// waits until the last one has left: a slow reader holds one page, not the gap.
void EventHub::read_page(const ReaderPtr& reader, StoreReader& store) {
  std::int64_t upto = 0;
  {
    MutexLock lock(mutex_);
    if (reader->gone) return;
    upto = head_;
  }
  std::string text;
  while (text.size() < limits::stream_backlog && reader->position < upto) {
    const auto page = store.named_events(reader->position, upto, limits::stream_replay_page);
    if (page.empty() || page.front().event.seq != reader->position + 1) {
      text += reset_text(upto, "the events in between are gone");
      reader->position = upto;
      break;
    }
    std::unordered_map<std::int64_t, std::size_t> newest;
    for (std::size_t i = 0; i < page.size(); ++i) newest[object_of(page[i])] = i;
    for (std::size_t i = 0; i < page.size(); ++i) {
      const std::int64_t object = object_of(page[i]);
      const bool old = reader->topics.merge && object != 0 && newest[object] != i;
      if (!old && wants(reader->topics, page[i])) text += text_for(reader->topics, page[i]);
    }
    reader->position = page.back().event.seq;
  }
  {
    MutexLock lock(mutex_);
    if (reader->gone) return;
    // With a large page still to be read it would count as slow at the next change.
    if (reader->position == head_ && text.size() <= limits::stream_backlog / 2) {
      if (!text.empty()) reader->out->write(piece_of(std::move(text)));
      return subscribe(reader);
    }
  }
  if (text.empty()) return read_on(reader);
  // Due only once the page is on its way, or what was written before it could bring the next one first; by
  // then it may have left already.
  reader->out->write(piece_of(std::move(text)));
  reader->page_due = true;
  if (reader->out->waiting() == 0) reader->drained();
}

}  // namespace millrace
