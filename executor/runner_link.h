#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "executor/fd_watch.h"
#include "executor/messages.h"

namespace millrace {

/// What a runner says. Called on the loop thread; may call the link back, but not destroy it.
struct RunnerReports {
  std::function<void(AttemptId)> held;
  std::function<void(AttemptId, StartFacts)> started;
  std::function<void(AttemptId, ExitFacts)> finished;
  std::function<void()> replayed;  ///< all that it held at the greeting has been said
  std::function<void()> closed;    ///< it has died or thrown us out; nothing comes after this
};

/// The daemon's end of the connection to one living runner. Requests made in one turn of the loop leave in
/// one write.
class RunnerLink {
 public:
  /// Connects and greets; waits for the answer, at most 5 s. Nothing is reported yet.
  static Result<std::unique_ptr<RunnerLink>> connect(boost::asio::io_context&,
                                                     const std::filesystem::path& folder);
  ~RunnerLink();

  const RunnerGreeting& greeting() const { return greeting_; }
  const std::filesystem::path& folder() const { return folder_; }
  void report_to(RunnerReports reports) { reports_ = std::move(reports); }

  /// Reads and reports until the replay is done; false if it isn't within `bound` or the link closes.
  bool read_replay(Duration bound);
  /// From here on the loop reads.
  void go_on();
  bool closed() const { return closed_; }

  /// False: the spec is bigger than a frame may be; nothing was sent.
  bool start(const AttemptSpec&);
  void kill(AttemptId, KillReason);
  void acknowledge(AttemptId);
  void shutdown_when_idle();

 private:
  RunnerLink(boost::asio::io_context& io, std::filesystem::path folder, int socket);
  bool wait_readable(Duration bound) const;
  bool fill();
  void take_frames();
  void take(const Frame&);
  void read_later();
  void send_later();
  void send();
  void close_now();

  boost::asio::io_context& io_;
  std::filesystem::path folder_;
  FdWatch socket_;
  RunnerGreeting greeting_;
  RunnerReports reports_;
  std::string in_, out_;
  bool greeted_ = false, replayed_ = false, closed_ = false, sending_ = false, reading_ = false;
  std::string refusal_;
  std::shared_ptr<bool> alive_;  // posted calls outlive a destroyed link and must see that
};

}  // namespace millrace
