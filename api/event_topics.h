#pragma once

#include <compare>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "api/problem.h"
#include "api/published.h"

/// Which events a reader of the stream wants. docs/events.md lists the topics and what each brings.
namespace millrace {

/// What one reader asked for, in one form: two readers who ask the same share their bytes.
struct Topics {
  std::vector<std::string> names;    ///< sorted, each once: `overview`, `dag:etl`, `run:etl/manual__1` …
  std::vector<std::string> dag_ids;  ///< sorted; empty: all
  bool merge = false;                ///< of one object only its newest change within a window
  friend auto operator<=>(const Topics&, const Topics&) = default;

  bool has(std::string_view name) const;
  bool has_dag(std::string_view dag_id) const;
};

/// `topics=a,b&dag_id=x&merge=true`; without topics: `events`. 422 names what is wrong.
std::expected<Topics, Problem> read_topics(const HeaderList& query);

/// The `event:` word of an event's kind: run ti backfill dataset capacity dag waits notification audit.
std::string_view event_type(std::string_view kind);
/// The backfill that an event of kind `backfill` is about; 0 for other kinds.
BackfillId backfill_of(const EventRow&);

/// The topics that each of these belongs to.
std::vector<std::string> topics_of(const NamedEvent&);
std::vector<std::string> topics_of(const BackfillRow&);
std::vector<std::string> topics_of(const NamedDatasetEvent&);
std::string run_topic(std::string_view dag_id, std::string_view run_id);

/// Whether a reader of these topics gets the event.
bool wants(const Topics&, const NamedEvent&);

}  // namespace millrace
