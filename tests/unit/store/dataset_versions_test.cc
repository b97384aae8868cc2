#include <catch2/catch.hpp>

#include "samples.h"

namespace millrace::test {
namespace {

constexpr std::int64_t day = 86'400'000'000;

DatasetVersionRow version(std::int64_t id, std::string dataset, std::int64_t partition, std::string hash) {
  Samples samples(static_cast<unsigned>(id));
  DatasetVersionRow row = samples.dataset_version(id, std::move(dataset), {id}, {id});
  row.partition = {partition * day};
  row.hash = "b3:" + std::move(hash);
  return row;
}

std::vector<std::int64_t> ids(const std::vector<DatasetVersionRow>& rows) {
  std::vector<std::int64_t> out;
  for (const DatasetVersionRow& row : rows) out.push_back(row.id.value);
  return out;
}

}  // namespace

TEST_CASE("dataset versions and inputs read back as they were written") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  for (unsigned seed = 1; seed <= 50; ++seed) {
    Samples samples(seed);
    const DatasetVersionRow row = samples.dataset_version(seed, samples.text(), {seed}, {seed});
    const VersionInputRow input{{seed + 1}, {seed + 7}, row.dataset, row.partition, row.id};
    REQUIRE(store->commit(std::vector<Change>{row, input}));
    CHECK(reader->versions().find(row.id) == row);
    CHECK(reader->versions().written_by(row.run) == std::vector{row});
    CHECK(reader->versions().written_by(row.attempt, 9) == std::vector{row});
    CHECK(reader->versions().read_by(AttemptId{seed + 1}, 9) == std::vector{input});
    CHECK(reader->versions().read_by(RunId{seed + 7}) == std::vector{input});
    CHECK(reader->versions().readers_of(row.id, 9) == std::vector{input});
    CHECK(store->current_version(row.dataset, row.partition) == row.id);
  }
}

TEST_CASE("each write moves its partition and is counted, equal content too") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  CHECK_FALSE(reader->versions().written("raw"));
  CHECK_FALSE(store->current_version("raw", {day}));
  REQUIRE(store->commit(std::vector<Change>{version(1, "raw", 1, "aa"), version(2, "raw", 2, "bb"),
                                            version(3, "raw", 1, "aa"), version(4, "other", 1, "aa")}));
  const auto raw = reader->versions().written("raw");
  REQUIRE(raw);
  CHECK(raw->versions == 3);
  CHECK(raw->partitions == 2);
  CHECK(raw->newest == DatasetVersionId{3});
  CHECK(store->current_version("raw", {day}) == DatasetVersionId{3});

  const auto all = reader->versions().list({"raw", {}, {}}, {.limit = 2});
  REQUIRE(all);
  CHECK(all->total_entries == 3);
  CHECK(ids(all->rows) == std::vector<std::int64_t>{3, 2});
  CHECK(ids(reader->versions().list({"raw", WallTime{day}, {}}, {.order_by = "id"})->rows) ==
        std::vector<std::int64_t>{1, 3});
  CHECK(reader->versions().list({"raw", WallTime{day}, {}}, {.limit = 1})->total_entries == 2);
  const auto same = reader->versions().list({"raw", {}, "b3:a"}, {});
  CHECK(ids(same->rows) == std::vector<std::int64_t>{3, 1});
  CHECK(same->total_entries == 2);
  CHECK(reader->versions().list({"raw", {}, "b3:ab"}, {})->rows.empty());
  CHECK_FALSE(reader->versions().list({"raw", {}, {}}, {.order_by = "bytes"}));

  const auto partitions = reader->versions().partitions("raw", {});
  REQUIRE(partitions);
  REQUIRE(partitions->rows.size() == 2);
  CHECK(partitions->total_entries == 2);
  CHECK(partitions->rows[0].newest.id == DatasetVersionId{2});
  CHECK(partitions->rows[1].newest.id == DatasetVersionId{3});
  CHECK(partitions->rows[1].versions == 2);
}

TEST_CASE("an attempt that is rendered again after a restart replaces what it was given to read") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  const VersionInputRow first{{5}, {6}, "raw", {day}, {1}};
  VersionInputRow second = first;
  second.version = {2};
  REQUIRE(store->commit(std::vector<Change>{version(1, "raw", 1, "aa"), version(2, "raw", 1, "bb"), first}));
  REQUIRE(store->commit(std::vector<Change>{second}));
  CHECK(reader->versions().read_by(AttemptId{5}, 9) == std::vector{second});
  CHECK(reader->versions().readers_of({1}, 9).empty());
}

}  // namespace millrace::test
