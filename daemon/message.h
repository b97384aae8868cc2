#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "api/backend.h"
#include "dags/dag.h"
#include "scheduler/events.h"

namespace millrace {

/// The file name of a DAG that no file defines.
inline constexpr const char* from_api = "api";

/// A parsed DAG on its way to the scheduler; the loop checks it against the machine and stores the version.
struct Submission {
  std::string text;
  std::shared_ptr<const Dag> dag;  ///< shared with the catalog and the runs that will pin it
  std::string file_name;           ///< below the DAG folder, or from_api
  std::string folder;              ///< absolute: the default cwd of its tasks
  std::string by;
  RequestContext context;                  ///< empty: the folder's
  std::function<void(Submitted)> on_done;  ///< on the loop thread, after the commit
};

/// A question about the scheduler's state, answered between two batches.
using Look = std::function<void(const Scheduler&, Now)>;

/// An event whose Reply somebody waits for.
struct Request {
  RequestId id;
  Event event;
  RequestContext context;
  Backend::OnReply on_reply;  ///< on the loop thread, after the commit
};

/// Somebody waits for the end of a run.
struct Await {
  RunId run;
  std::function<void()> then;  ///< on the loop thread, after the commit of its end
};

/// Tokens, sessions and answers to store.
struct AccessChange {
  std::vector<AccessRow> rows;
  RequestContext context;
  std::function<void(Result<void>)> on_done;  ///< on the loop thread, after the commit
};

/// What changes something, or waits for a change.
using Message = std::variant<Event, Request, Submission, AccessChange, Await>;

}  // namespace millrace
