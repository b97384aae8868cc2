#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "api/backend.h"
#include "daemon/catalog.h"
#include "daemon/inbox.h"
#include "daemon/loop.h"
#include "daemon/paths.h"

namespace millrace {

/// The daemon as the API sees it: everything goes through the inbox. Any thread.
class DaemonBackend final : public Backend {
 public:
  DaemonBackend(Inbox& inbox, Catalog& catalog, const Secrets& secrets, Paths paths, std::string dag_folder)
      : inbox_(inbox),
        catalog_(catalog),
        secrets_(secrets),
        paths_(std::move(paths)),
        dag_folder_(std::move(dag_folder)) {}

  /// The loop that registers replies and knows its own state. Set before the API starts.
  void set_loop(Loop& loop) { loop_ = &loop; }
  /// How the DAG folder is looked through, on the loop's thread. Set before the API starts.
  void set_scan(std::function<void(std::function<void()>)> scan) { scan_ = std::move(scan); }
  /// What doesn't change while the daemon lives.
  void set_identity(DaemonStatus identity) { identity_ = std::move(identity); }

  void request(Event event, RequestContext context, OnReply on_reply) override;
  void submit_dag(std::string text, RequestContext context, std::function<void(Submitted)> on_done) override;
  void change_access(std::vector<AccessRow> rows, RequestContext context,
                     std::function<void(Result<void>)> on_done) override;
  Diagnostics validate_dag(std::string_view text, std::shared_ptr<const Dag>* parsed) override;
  void ask(std::function<void(const Scheduler&, Now)> look) override;
  void status(std::function<void(DaemonStatus)> on_status) override;
  void metrics(std::function<void(MetricsText)> on_metrics) override;
  std::shared_ptr<const Dag> dag_version(DagVersionId id) override;
  std::shared_ptr<const Dag> maker(const std::string& dataset) override { return catalog_.maker(dataset); }
  std::string log_path(std::string_view attempt_name) override;
  std::shared_ptr<const SecretMask> secret_mask(std::string_view dag_id) override {
    return secrets_.mask_of(dag_id);
  }
  void await_end(RunId run, std::function<void()> then) override;
  void scan_dags(std::function<void()> done) override { scan_(std::move(done)); }

 private:
  Inbox& inbox_;
  Catalog& catalog_;
  const Secrets& secrets_;
  Paths paths_;
  std::string dag_folder_;
  Loop* loop_ = nullptr;
  std::function<void(std::function<void()>)> scan_;
  DaemonStatus identity_;
  std::atomic<std::int64_t> next_request_{1};
};

}  // namespace millrace
