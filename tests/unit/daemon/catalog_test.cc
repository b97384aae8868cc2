#include "daemon/catalog.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "dags/parser.h"
#include "store/store.h"

using namespace millrace;

namespace {

std::shared_ptr<const Dag> dag(int number, const std::string& writes = "") {
  const std::string outputs = writes.empty() ? "" : ", outputs: [" + writes + "]";
  const std::string datasets =
      writes.empty() ? "" : "datasets: {" + writes + ": {path: '" + writes + ".csv'}}\n";
  const ParseResult parsed = parse_dag("dag_id: d_" + std::to_string(number) + "\n" + datasets +
                                       "tasks: {t: {script: 'true'" + outputs + "}}\n");
  REQUIRE(parsed.dag);
  return parsed.dag;
}

/// A catalog over a store that knows no version: what it finds, it has kept.
class Kept {
 public:
  Kept() {
    std::string name = std::filesystem::temp_directory_path() / "millrace-catalog-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder_ = name;
    store_ = std::move(*Store::open(folder_ / "millrace.db"));
    catalog = std::make_unique<Catalog>(std::move(*StoreReader::open(folder_ / "millrace.db")));
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() {
    catalog.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::unique_ptr<Catalog> catalog;

 private:
  std::filesystem::path folder_;
  std::unique_ptr<Store> store_;
};

}  // namespace

TEST_CASE("every version in force is kept, however many DAGs there are") {
  const Kept kept;
  std::vector<std::shared_ptr<const Dag>> dags;
  for (int i = 1; i <= 3'000; ++i) {
    dags.push_back(dag(i));
    kept.catalog->set_current({i}, {dags.back(), "/dags"});
  }
  for (int i = 1; i <= 3'000; ++i) {
    const auto found = kept.catalog->find({i});
    REQUIRE(found);
    REQUIRE(found->dag == dags[static_cast<std::size_t>(i - 1)]);
  }
}

TEST_CASE("of versions that are no longer in force the first ones go") {
  const Kept kept;
  for (int i = 1; i <= 2'000; ++i) kept.catalog->set_current({i}, {dag(1), "/dags"});
  CHECK(kept.catalog->find({2'000}));
  CHECK(kept.catalog->find({1'999}));
  CHECK(kept.catalog->find({1'000}));
  CHECK(!kept.catalog->find({900}));
}

TEST_CASE("a new version declares its datasets and no longer those of the last one") {
  const Kept kept;
  kept.catalog->set_current({1}, {dag(1, "raw"), "/dags"});
  kept.catalog->set_current({2}, {dag(2, "clean"), "/dags"});
  CHECK(kept.catalog->producer("raw")->dag_id == "d_1");
  kept.catalog->set_current({3}, {dag(1, "other"), "/dags"});
  CHECK(kept.catalog->producer("raw") == nullptr);
  CHECK(kept.catalog->producer("other")->dag_id == "d_1");
  CHECK(kept.catalog->producer("clean")->dag_id == "d_2");
}
