// Copies of a database that is being written, their checks, and the way back.
#include "store/database_copy.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "samples.h"
#include "store/sqlite.h"

namespace millrace::test {
namespace {

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a copy has what was committed when it was made, and no more") {
  const Folder folder;
  const auto store = open_store(folder);
  REQUIRE(store->commit(std::vector<Change>{plain_run(1)}));
  const auto copy = folder.path() / "copy.db";
  const auto made = copy_database(folder.database(), copy);
  REQUIRE(made);
  CHECK(made->runs == 1);
  CHECK(made->schema > 0);
  struct stat info {};
  REQUIRE(stat(copy.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  REQUIRE(store->commit(std::vector<Change>{plain_run(2)}));
  sqlite::Connection connection(copy.string(), sqlite::Mode::read_only);
  CHECK(connection.integer("SELECT count(*) FROM dag_run") == 1);
}

TEST_CASE("a copy never takes the place of a file, and leaves nothing when it can't be made") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto copy = folder.path() / "copy.db";
  std::ofstream(copy) << "mine";
  const auto refused = copy_database(folder.database(), copy);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::conflict);
  CHECK(contents(copy) == "mine");
  CHECK_FALSE(std::filesystem::exists(copy.string() + ".part"));
  CHECK(copy_database(folder.path() / "none.db", folder.path() / "x").error().kind == ErrorKind::not_found);
  CHECK_FALSE(copy_database(folder.database(), folder.path() / "no" / "folder.db"));
}

TEST_CASE("a sound database has no findings; pages, references and another schema are found") {
  const Folder folder;
  open_store(folder);
  const auto sound = check_database(folder.database());
  REQUIRE(sound);
  CHECK(sound->pages.empty());
  CHECK(sound->references.empty());
  CHECK(sound->schema.empty());
  CHECK(sound->audit.empty());

  sqlite::Connection connection(folder.database().string(), sqlite::Mode::read_write_create);
  connection.exec("PRAGMA foreign_keys = OFF; INSERT INTO dataset_partition VALUES ('d', 0, 99, 1)");
  const auto dangling = check_database(folder.database());
  REQUIRE(dangling);
  REQUIRE(dangling->references.size() == 1);
  CHECK(dangling->references[0].find("dataset_partition") != std::string::npos);

  connection.exec("INSERT INTO schema_migrations VALUES (999, 'later', 'x')");
  const auto newer = check_database(folder.database());
  REQUIRE(newer);
  REQUIRE(newer->schema.size() == 1);
  CHECK(newer->schema[0].find("newer") != std::string::npos);
}

TEST_CASE("a damaged file and a stranger's are refused") {
  const Folder folder;
  const auto text = folder.path() / "text.db";
  std::ofstream(text) << std::string(8192, 'x');
  CHECK_FALSE(check_database(text));
  const auto other = folder.path() / "other.db";
  sqlite::Connection(other.string(), sqlite::Mode::read_write_create).exec("CREATE TABLE a (x)");
  CHECK(check_database(other).error().kind == ErrorKind::invalid);

  {
    const auto store = open_store(folder);
    std::vector<Change> runs;
    for (int id = 1; id <= 500; ++id) runs.emplace_back(plain_run(id));
    REQUIRE(store->commit(runs));
  }
  const auto copy = folder.path() / "copy.db";
  REQUIRE(copy_database(folder.database(), copy));
  const auto bytes = std::filesystem::file_size(copy);
  {
    std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
    for (std::uintmax_t page = 8192; page + 4096 < bytes; page += 8192) {
      file.seekp(static_cast<std::streamoff>(page));
      file << std::string(512, '\xff');
    }
  }
  const auto damaged = check_database(copy);
  CHECK((!damaged || !damaged->pages.empty()));
}

TEST_CASE("a copy takes the place of a database that no daemon has; the old one stays beside it") {
  const Folder folder, other;
  const auto copy = folder.path() / "copy.db";
  {
    const auto store = open_store(folder);
    REQUIRE(store->commit(std::vector<Change>{plain_run(1)}));
    REQUIRE(copy_database(folder.database(), copy));
    REQUIRE(store->commit(std::vector<Change>{plain_run(2)}));
    const auto refused = put_in_place(copy, folder.database());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::conflict);
    CHECK(open_reader(folder)->run(RunId{2}));
  }
  REQUIRE(put_in_place(copy, folder.database()));
  {
    const auto store = open_store(folder);
    CHECK(open_reader(folder)->run(RunId{1}));
    CHECK_FALSE(open_reader(folder)->run(RunId{2}));
  }
  sqlite::Connection old(folder.database().string() + ".before-restore", sqlite::Mode::read_write_create);
  CHECK(old.integer("SELECT count(*) FROM dag_run") == 2);

  REQUIRE(put_in_place(copy, other.database()));
  CHECK(open_store(other)->next_ids().run == 2);
}

TEST_CASE("restores keep what was there each time, and what earlier ones kept") {
  const Folder folder;
  const auto copy = folder.path() / "copy.db";
  {
    const auto store = open_store(folder);
    REQUIRE(store->commit(std::vector<Change>{plain_run(1)}));
    REQUIRE(copy_database(folder.database(), copy));
  }
  const std::string kept = folder.database().string() + ".before-restore";
  for (int i = 1; i <= 3; ++i) {
    std::ofstream(folder.database()) << "database " << i;
    std::ofstream(folder.database().string() + "-wal") << "its log " << i;
    const auto put = put_in_place(copy, folder.database());
    REQUIRE(put);
    CHECK(*put == (i == 1 ? kept : kept + "." + std::to_string(i)));
  }
  CHECK(contents(kept) == "database 1");
  CHECK(contents(kept + "-wal") == "its log 1");
  CHECK(contents(kept + ".2") == "database 2");
  CHECK(contents(kept + ".3-wal") == "its log 3");
  // A number comes once, also when a person has taken older ones away.
  std::filesystem::remove(kept);
  std::filesystem::remove(kept + ".2");
  CHECK(put_in_place(copy, folder.database())->string() == kept + ".4");
  CHECK(open_store(folder)->active_runs().size() == 1);
}

TEST_CASE("a restore that was interrupted amid the move puts the log beside its database") {
  const Folder folder;
  const auto copy = folder.path() / "copy.db";
  {
    const auto store = open_store(folder);
    REQUIRE(store->commit(std::vector<Change>{plain_run(1)}));
    REQUIRE(copy_database(folder.database(), copy));
  }
  const std::string kept = folder.database().string() + ".before-restore";
  std::ofstream(kept) << "an older one";
  std::filesystem::remove(folder.database());
  std::ofstream(kept + ".2") << "the one that was there";
  std::ofstream(folder.database().string() + "-wal") << "its log";
  std::ofstream(folder.database().string() + ".restored") << "half";
  CHECK(refusal(folder.database()).find(".before-restore.2'") != std::string::npos);
  CHECK(put_in_place(copy, folder.database())->string() == kept + ".2");
  CHECK(contents(kept + ".2-wal") == "its log");
  CHECK(contents(kept) == "an older one");
}

TEST_CASE("a restore that was interrupted between two databases is said, not served as an empty one") {
  const Folder folder;
  {
    const auto store = open_store(folder);
    REQUIRE(store->commit(std::vector<Change>{plain_run(1)}));
  }
  const auto copy = folder.path() / "copy.db";
  REQUIRE(copy_database(folder.database(), copy));
  const std::filesystem::path old = folder.database().string() + ".before-restore";
  std::filesystem::rename(folder.database(), old);
  std::filesystem::remove(folder.database().string() + "-wal");
  std::ofstream(old.string() + "-wal") << "the old one's log";
  std::ofstream(folder.database().string() + ".restored") << "half";
  CHECK(refusal(folder.database()).find("was interrupted: restore again") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder.database()));
  REQUIRE(put_in_place(copy, folder.database()));
  CHECK(open_store(folder)->active_runs().size() == 1);
  CHECK(contents(old.string() + "-wal") == "the old one's log");
}

}  // namespace millrace::test
