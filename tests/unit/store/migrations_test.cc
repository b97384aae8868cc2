#include "store/migrations.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "base/sha256.h"
#include "samples.h"
#include "test_paths.h"

namespace millrace::test {
namespace {

constexpr Migration one = {1, "one", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7);"};
constexpr Migration two = {2, "two", "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 1;"};
constexpr Migration broken = {2, "broken", "ALTER TABLE a ADD COLUMN y INTEGER; CREATE TABLE a (x);"};

}  // namespace

TEST_CASE("the binary holds migrations/ byte for byte, numbered without gaps") {
  int number = 0;
  for (const Migration& migration : embedded_migrations()) {
    CHECK(migration.number == ++number);
    std::ifstream file(fmt::format(MILLRACE_SOURCE_DIR "/migrations/{:03}_{}.sql", number, migration.name));
    CHECK(migration.sql == std::string{std::istreambuf_iterator<char>(file), {}});
  }
  CHECK(number > 0);
}

TEST_CASE("migrations are applied once, in order, each with its checksum") {
  const Folder folder;
  sqlite::Connection connection(folder.database().string(), sqlite::Mode::read_write_create);
  const Migration first[] = {one};
  const Migration both[] = {one, two};
  REQUIRE(migrate(connection, folder.database(), first));
  REQUIRE(migrate(connection, folder.database(), first));
  CHECK(schema_number(connection, folder.database()) == 1);
  REQUIRE(migrate(connection, folder.database(), both));
  REQUIRE(migrate(connection, folder.database(), both));
  CHECK(schema_number(connection, folder.database()) == 2);
  CHECK(connection.integer("SELECT x + y FROM a") == 8);
  CHECK(connection.text("SELECT checksum FROM schema_migrations WHERE number = 2") == sha256_hex(two.sql));
}

TEST_CASE("a database that isn't new is copied before it is migrated") {
  const Folder folder;
  sqlite::Connection connection(folder.database().string(), sqlite::Mode::read_write_create);
  const Migration first[] = {one};
  const Migration both[] = {one, two};
  REQUIRE(migrate(connection, folder.database(), first));
  const std::string copy = folder.database().string() + ".before-002";
  CHECK_FALSE(std::filesystem::exists(copy));
  std::ofstream(copy) << "left by an interrupted start";
  REQUIRE(migrate(connection, folder.database(), both));
  sqlite::Connection old(copy, sqlite::Mode::read_only);
  CHECK(schema_number(old, copy) == 1);
  CHECK(old.integer("SELECT x FROM a") == 7);
}

TEST_CASE("a migration that fails leaves the schema before it") {
  const Folder folder;
  sqlite::Connection connection(folder.database().string(), sqlite::Mode::read_write_create);
  const Migration both[] = {one, broken};
  CHECK_THROWS_AS(migrate(connection, folder.database(), both), sqlite::Failure);
  CHECK(schema_number(connection, folder.database()) == 1);
  CHECK_THROWS_AS(connection.integer("SELECT y FROM a"), sqlite::Failure);
}

TEST_CASE("opening twice changes the schema once") {
  const Folder folder;
  open_store(folder).reset();
  open_store(folder).reset();
  sqlite::Connection connection(folder.database().string(), sqlite::Mode::read_only);
  CHECK(connection.integer("SELECT count(*) FROM schema_migrations") ==
        static_cast<std::int64_t>(embedded_migrations().size()));
}

}  // namespace millrace::test
