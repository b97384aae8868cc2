#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/secret_mask.h"
#include "dags/parser.h"
#include "scheduler/commands.h"
#include "scheduler/events.h"
#include "scheduler/scheduler.h"
#include "store/reader.h"

namespace millrace {

/// What the daemon says of itself. Plain values for /monitor/health, /version and `millrace status`.
struct DaemonStatus {
  std::string version;
  WallTime started_at;
  std::string isolation;  ///< what limits rest on here
  std::string hold;       ///< why new scheduled runs are held; empty: they aren't
  std::size_t active_runs = 0;
  std::size_t live_attempts = 0;
  std::optional<WallTime> last_loop;
  bool store_ok = true;
  std::string store_detail;
};

/// A DAG file was refused: what is wrong and the text to show it in.
struct Submitted {
  Diagnostics diagnostics;  ///< not empty: refused, nothing changed
  std::optional<DagRow> dag;
  bool changed = false;  ///< false: the same version was already in force
  std::optional<Error> refused{};  ///< not now: nothing was looked at
};

/// An answer as it is kept under an Idempotency-Key.
struct KeptAnswer {
  int status = 0;
  std::string content_type, body;
};

/// Who asks for a change, for the audit log, and under which key its answer is kept: both are written in the
/// transaction of the change.
struct RequestContext {
  std::string who, token_id, role, remote, method, path, request_id;  ///< `who` empty: not a person's doing
  std::string key, fingerprint;  ///< of the Idempotency-Key; empty: none was sent
  /// Looks, in the step of the change and with nothing in between, whether it may still be made; an error
  /// refuses it. On the loop's thread, at most once. Empty: it may.
  std::function<Result<void>(const Scheduler&, StoreReader&)> check{};
  /// Makes the answer from a reader that sees what is about to be committed; nothing: it isn't kept. On the
  /// loop's thread; may be called again when a commit is repeated. Empty: the caller keeps it later.
  std::function<std::optional<KeptAnswer>(StoreReader&, const Reply&)> answer;
};

/// The daemon as api/ sees it. Every call returns at once, from any thread; answers come on the loop's
/// thread, after the commit, and must only hand over (post to the I/O thread). A full inbox answers
/// `overloaded`, a full disk `full`.
class Backend {
 public:
  virtual ~Backend() = default;
  using OnReply = std::function<void(Reply)>;
  /// `event` has its `request` filled in by this call.
  virtual void request(Event event, RequestContext, OnReply) = 0;
  /// Parses and checks (pure, on the caller's thread), then submits.
  virtual void submit_dag(std::string text, RequestContext, std::function<void(Submitted)>) = 0;
  /// Stores tokens, sessions and answers.
  virtual void change_access(std::vector<AccessRow>, RequestContext, std::function<void(Result<void>)>) = 0;
  virtual Diagnostics validate_dag(std::string_view text, std::shared_ptr<const Dag>* parsed) = 0;
  /// Runs `look` on the loop thread: for what only the scheduler knows (waits, pool use, devices).
  virtual void ask(std::function<void(const Scheduler&, Now)> look) = 0;
  virtual void status(std::function<void(DaemonStatus)>) = 0;
  /// All that the daemon measures, for more to be added. Answers while the store can't be written too.
  virtual void metrics(std::function<void(MetricsText)>) = 0;
  /// The parsed DAG of a version, from a small cache; null when there is none. Any thread.
  virtual std::shared_ptr<const Dag> dag_version(DagVersionId) = 0;
  /// The DAG in force that makes a dataset; null when none does. Any thread.
  virtual std::shared_ptr<const Dag> maker(const std::string& dataset) = 0;
  /// The log file of an attempt, below the data folder.
  virtual std::string log_path(std::string_view attempt_name) = 0;
  /// What hides the secrets of a DAG in texts of its tasks; null when it has none. Any thread.
  virtual std::shared_ptr<const SecretMask> secret_mask(std::string_view dag_id) = 0;
  /// Calls `then` when the run is final on disk; at once when it isn't active, or when too many wait.
  virtual void await_end(RunId, std::function<void()> then) = 0;
  /// Looks at the DAG folder's files now instead of when the watch says so.
  virtual void scan_dags(std::function<void()> done) = 0;
};

}  // namespace millrace
