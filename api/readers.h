#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"
#include "store/reader.h"

namespace millrace {

using ReaderFactory = std::function<Result<std::unique_ptr<StoreReader>>()>;

/// A few threads, each with its own StoreReader, that answer requests off the I/O thread. Owned by the
/// server.
class Readers {
 public:
  using Job = std::function<void(StoreReader&)>;

  Readers() = default;
  ~Readers() { stop(); }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  Result<void> start(const ReaderFactory&, std::size_t threads);
  /// False: too many wait already (or it has stopped); the job is dropped.
  [[nodiscard]] bool post(Job);
  /// For the second half of a request that was let in already: not bounded again. Dropped after stop().
  void post_on(Job);
  /// Ends after the jobs at hand; those that wait are dropped.
  void stop();

  static constexpr std::size_t max_waiting = 1'024;  ///< at some 0.1 ms each, a wait of a tenth of a second

 private:
  void work(StoreReader&);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopped_ = false;
  std::vector<std::unique_ptr<StoreReader>> readers_;
  std::vector<std::jthread> threads_;
};

}  // namespace millrace
