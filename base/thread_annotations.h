#pragma once

#include <mutex>

/// Clang's thread-safety analysis: data says which mutex guards it, and the second compiler checks it.
#if defined(__clang__)
#define MILLRACE_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define MILLRACE_THREAD_ANNOTATION(x)
#endif

#define CAPABILITY(x) MILLRACE_THREAD_ANNOTATION(capability(x))
#define SCOPED_CAPABILITY MILLRACE_THREAD_ANNOTATION(scoped_lockable)
#define GUARDED_BY(x) MILLRACE_THREAD_ANNOTATION(guarded_by(x))
#define REQUIRES(x) MILLRACE_THREAD_ANNOTATION(requires_capability(x))
#define ACQUIRE(...) MILLRACE_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) MILLRACE_THREAD_ANNOTATION(release_capability(__VA_ARGS__))

namespace millrace {

/// std::mutex that the analysis knows.
class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace millrace
