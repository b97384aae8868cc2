#include "daemon/one_run.h"

#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "daemon/daemon.h"
#include "daemon/paths.h"
#include "executor/launch.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

// A runner without attempts ends as soon as its daemon has left; one that doesn't is left alone after this.
constexpr Duration runner_end_bound = std::chrono::seconds{10};

class OneRun final : public cli::LocalDaemon {
 public:
  OneRun(fs::path data, std::unique_ptr<Daemon> daemon)
      : data_(std::move(data)), daemon_(std::move(daemon)), loop_([this] {
          daemon_->run([this] { ++signals_; });
          ended_ = true;
        }) {}
  ~OneRun() override {
    daemon_->stop();
    loop_.join();
    daemon_.reset();
    std::error_code error;
    for (const auto& folder : fs::directory_iterator{Paths{data_}.runner(), error})
      runner_ends(folder.path(), runner_end_bound);
  }

  std::string url() const override { return fmt::format("http://127.0.0.1:{}", daemon_->port()); }
  int signals() const override { return signals_; }
  bool ended() const override { return ended_; }

 private:
  fs::path data_;
  std::atomic<int> signals_{0};
  std::atomic<bool> ended_{false};
  std::unique_ptr<Daemon> daemon_;
  std::thread loop_;  // last: it uses all of the above
};

}  // namespace

Result<std::unique_ptr<cli::LocalDaemon>> start_one_run(Config config) {
  config.one_run = true;
  config.address = "127.0.0.1";
  config.port = 0;
  config.behind_proxy = false;
  fs::path data = fs::absolute(config.data);
  auto daemon = Daemon::start(std::move(config));
  if (!daemon) return std::unexpected(daemon.error());
  return std::make_unique<OneRun>(std::move(data), std::move(*daemon));
}

}  // namespace millrace
