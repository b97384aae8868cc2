#pragma once

#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "scheduler/rows.h"
#include "store/reader.h"
#include "store/store.h"

namespace millrace::test {

/// A fresh folder, removed with everything in it.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path database() const { return path_ / "millrace.db"; }

 private:
  std::filesystem::path path_;
};

std::unique_ptr<Store> open_store(const Folder&);
std::unique_ptr<StoreReader> open_reader(const Folder&);
/// The message of a refusal; empty when it opened.
std::string refusal(const std::filesystem::path& database);

/// Rows with random values in every member; the same seed gives the same rows.
class Samples {
 public:
  explicit Samples(unsigned seed) : random_(seed) {}
  DagRow dag(std::string dag_id);
  DagVersionRow dag_version(std::int64_t id, std::string dag_id, int number);
  RunRow run(std::int64_t id);
  TaskInstanceRow task_instance(std::int64_t id, RunId);
  AttemptRow attempt(std::int64_t id, const TaskInstanceRow&, int try_number);
  OutputRow output(const TaskInstanceRow&, std::string key);
  BackfillRow backfill(std::int64_t id);
  BackfillItemRow item(BackfillId, WallTime);
  PoolRow pool(std::string name);
  DatasetEventRow dataset_event(std::int64_t id, std::string dataset);
  DatasetVersionRow dataset_version(std::int64_t id, std::string dataset, RunId, AttemptId);
  EventRow event(std::int64_t seq);
  std::string text();
  std::int64_t number(std::int64_t low, std::int64_t high);

 private:
  bool coin() { return number(0, 1) == 1; }
  WallTime time();
  std::optional<WallTime> maybe_time();
  template <class Word>
  Word word(Word last) {
    return static_cast<Word>(number(0, static_cast<std::int64_t>(last)));
  }

  std::mt19937_64 random_;
};

/// Plain rows for tests that care about few members.
RunRow plain_run(std::int64_t id, std::string dag_id = "d");
TaskInstanceRow plain_task(std::int64_t id, RunId, std::string task_id, TaskIndex = 0);

}  // namespace millrace::test
