#pragma once

#include <compare>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth.h"
#include "api/problem.h"
#include "api/published.h"

/// Which events a reader of the stream wants. docs/events.md lists the topics and what each brings.
namespace millrace {

/// What one reader asked for, in one form: two readers who ask the same share their bytes.
struct Topics {
  std::vector<std::string> names;    ///< sorted, each once: `overview`, `dag:etl`, `run:etl/manual__1` …
  std::vector<std::string> dag_ids;  ///< sorted; empty: all
  std::vector<std::string> within;   ///< patterns of the DAGs its reader may see; empty: all
  bool merge = false;                ///< of one object only its newest change within a window
  friend auto operator<=>(const Topics&, const Topics&) = default;

  bool has(std::string_view name) const;
  bool has_dag(std::string_view dag_id) const;
  /// Whether the reader may know of that DAG; of what has none only who may see all.
  bool sees(std::string_view dag_id) const;
};

/// `topics=a,b&dag_id=x&merge=true`; without topics: `events`. 422 names what is wrong, 403 a topic that
/// isn't for this role. A DAG or run that a limited token may not see is a topic on which nothing happens.
std::expected<Topics, Problem> read_topics(const HeaderList& query, const Principal& who);

/// The `event:` word of an event's kind: run ti backfill dataset capacity dag, else the kind itself.
std::string_view event_type(std::string_view kind);
/// The backfill that an event of kind `backfill` is about; 0 for other kinds.
BackfillId backfill_of(const EventRow&);

/// The topics that each of these belongs to.
std::vector<std::string> topics_of(const NamedEvent&);
std::vector<std::string> topics_of(const BackfillRow&);
std::vector<std::string> topics_of(const NamedDatasetEvent&);
std::string run_topic(std::string_view dag_id, std::string_view run_id);

/// The event's message as the reader of these topics may know it.
std::string text_for(const Topics&, const NamedEvent&);
/// Whether a reader of these topics gets the event.
bool wants(const Topics&, const NamedEvent&);

}  // namespace millrace
