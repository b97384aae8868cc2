#include "api/readers.h"

namespace millrace {

Result<void> Readers::start(const ReaderFactory& open, std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) {
    auto reader = open();
    if (!reader) return std::unexpected(reader.error());
    readers_.push_back(std::move(*reader));
  }
  for (const auto& reader : readers_) {
    threads_.emplace_back([this, one = reader.get()] { work(*one); });
  }
  return {};
}

bool Readers::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || jobs_.size() >= max_waiting) return false;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

void Readers::post_on(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    jobs_.push_front(std::move(job));
  }
  wake_.notify_one();
}

void Readers::stop() {
  std::deque<Job> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(jobs_);
  }
  wake_.notify_all();
  for (std::jthread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Readers::work(StoreReader& reader) {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopped_ || !jobs_.empty(); });
      if (stopped_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job(reader);
  }
}

}  // namespace millrace
