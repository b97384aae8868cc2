#include "daemon/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace millrace {

namespace fs = std::filesystem;

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// A file that isn't there is empty.
double bytes_of(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : static_cast<double>(size);
}

}  // namespace

void write_process(MetricsText& out, WallTime started_at, const fs::path& database) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  out.family("process_cpu_seconds_total", "counter", "User and system CPU time.");
  out.sample(seconds(usage.ru_utime) + seconds(usage.ru_stime));
  std::int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  out.gauge("process_resident_memory_bytes", "Resident memory.",
            static_cast<double>(resident * sysconf(_SC_PAGESIZE)));
  std::error_code error;
  const auto open_files = std::distance(fs::directory_iterator("/proc/self/fd", error), {});
  out.gauge("process_open_fds", "Open file descriptors.", static_cast<double>(open_files));
  out.gauge("process_start_time_seconds", "When it started, since 1970.",
            static_cast<double>(started_at.us) / 1e6);
  out.gauge("millrace_store_database_bytes", "Size of the database file.", bytes_of(database));
  out.gauge("millrace_store_wal_bytes", "Size of its write-ahead log.", bytes_of(database.string() + "-wal"));
}

}  // namespace millrace
