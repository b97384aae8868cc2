#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "probe.h"
#include "samples.h"
#include "store/lock_file.h"
#include "store/migrations.h"
#include "store/sqlite.h"

namespace millrace::test {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string refusal_as_nobody(const Folder& folder) {
  Probe probe({folder.database().string(), "nobody"});
  return probe.read_line();
}

}  // namespace

TEST_CASE("a second daemon is refused with the pid of the first") {
  const Folder folder;
  {
    Probe first({folder.database().string(), "hold"});
    REQUIRE(first.read_line() == "open");
    CHECK(refusal(folder.database()) == "another daemon (pid " + std::to_string(first.pid()) + ") uses '" +
                                            folder.database().string() + "'; stop it first");
    first.kill_now();
    first.wait();
  }
  CHECK(refusal(folder.database()).empty());
}

TEST_CASE("a database of a newer version is refused and not touched") {
  const int newest = embedded_migrations().back().number;
  const Folder folder;
  open_store(folder).reset();
  {
    sqlite::Connection other(folder.database().string(), sqlite::Mode::read_write_create);
    other.exec("INSERT INTO schema_migrations VALUES (" + std::to_string(newest + 1) +
               ", 'future', 'x'); PRAGMA journal_mode = DELETE");
  }
  const std::string before = bytes_of(folder.database());
  CHECK(refusal(folder.database()) ==
        "'" + folder.database().string() +
            "' was written by a newer millrace (schema " + std::to_string(newest + 1) + "; this one knows " +
            std::to_string(newest) + "): install that version, or restore a copy made before it");
  CHECK(bytes_of(folder.database()) == before);
}

TEST_CASE("a database whose migrations had another text is refused") {
  const Folder folder;
  open_store(folder).reset();
  {
    sqlite::Connection other(folder.database().string(), sqlite::Mode::read_write_create);
    other.exec("UPDATE schema_migrations SET checksum = 'x'");
  }
  CHECK(refusal(folder.database()) ==
        "migration 001_initial was applied with another text than this binary's: it "
        "belongs to another build of millrace");
}

TEST_CASE("a file that is no database is refused and not touched") {
  const Folder folder;
  const std::string text(8'192, 'x');
  write_bytes(folder.database(), text);
  CHECK_THAT(refusal(folder.database()),
             Catch::StartsWith("'" + folder.database().string() + "' is damaged or isn't a database: ") &&
                 Catch::Contains("Nothing was changed; restore a copy"));
  CHECK(bytes_of(folder.database()) == text);
}

TEST_CASE("somebody else's database is refused and not touched") {
  const Folder folder;
  {
    sqlite::Connection other(folder.database().string(), sqlite::Mode::read_write_create);
    other.exec("CREATE TABLE addresses (name TEXT)");
  }
  const std::string before = bytes_of(folder.database());
  CHECK(refusal(folder.database()) ==
        "'" + folder.database().string() + "' is an SQLite database, but not Millrace's");
  CHECK(bytes_of(folder.database()) == before);
}

TEST_CASE("a database with damaged pages is refused and not touched") {
  const Folder folder;
  {
    const auto store = open_store(folder);
    std::vector<Change> runs;
    for (std::int64_t id = 1; id <= 500; ++id) runs.push_back(plain_run(id));
    REQUIRE(store->commit(runs));
  }
  const std::string sound = bytes_of(folder.database());
  REQUIRE(sound.size() > 20 * 4'096);
  int refused = 0;
  for (std::size_t page = 2; page + 1 < sound.size() / 4'096; page += 3) {
    std::string damaged = sound;
    damaged.replace(page * 4'096, 4'096, std::string(4'096, '\x5a'));
    write_bytes(folder.database(), damaged);
    const std::string words = refusal(folder.database());
    if (words.empty()) {
      write_bytes(folder.database(), sound);  // an unused page: nothing is lost
      continue;
    }
    ++refused;
    CHECK_THAT(words, Catch::StartsWith("'" + folder.database().string() + "' is damaged"));
    CHECK(bytes_of(folder.database()) == damaged);
  }
  CHECK(refused > 0);
}

TEST_CASE("a truncated database is refused") {
  const Folder folder;
  {
    const auto store = open_store(folder);
    REQUIRE(store->commit(std::vector<Change>{plain_run(1)}));
  }
  const std::string sound = bytes_of(folder.database());
  for (const std::size_t size :
       {std::size_t{100}, std::size_t{4'096}, std::size_t{8'192}, sound.size() / 2}) {
    INFO(size);
    write_bytes(folder.database(), sound.substr(0, size));
    CHECK_THAT(refusal(folder.database()), Catch::Contains("is damaged"));
  }
}

TEST_CASE("a folder that can't be written is refused with its name") {
  const Folder folder;
  fs::permissions(folder.path(), fs::perms{0555});
  CHECK(refusal_as_nobody(folder) == "can't write in '" + folder.path().string() + "': Permission denied (" +
                                         folder.database().string() +
                                         ".lock). The daemon needs a folder that it may write");
  fs::permissions(folder.path(), fs::perms{0755});
}

TEST_CASE("a file that can't be written is refused with its name") {
  const Folder folder;
  open_store(folder).reset();
  fs::remove(folder.database().string() + ".lock");
  fs::permissions(folder.path(), fs::perms{0777});
  fs::permissions(folder.database(), fs::perms{0444});
  CHECK(refusal_as_nobody(folder) ==
        "'" + folder.database().string() + "' is read-only; the daemon needs to write it");
}

TEST_CASE("a missing folder is refused with its name") {
  const Folder folder;
  const fs::path missing = folder.path() / "none";
  CHECK(refusal(missing / "millrace.db") == "no folder '" + missing.string() + "'");
}

TEST_CASE("network file systems are told apart from local ones") {
  CHECK(is_network_filesystem(0x6969));                         // NFS
  CHECK(is_network_filesystem(static_cast<long>(0xFF534D42)));  // CIFS
  CHECK(is_network_filesystem(static_cast<int>(0xFE534D42)));   // SMB2, sign-extended
  CHECK_FALSE(is_network_filesystem(0xEF53));                   // ext4
  CHECK_FALSE(is_network_filesystem(0x01021994));               // tmpfs
  CHECK_FALSE(on_network_filesystem(fs::temp_directory_path()));
}

TEST_CASE("writes are synced: WAL and synchronous=FULL") {
  const Folder folder;
  const auto store = open_store(folder);
  sqlite::Connection other(folder.database().string(), sqlite::Mode::read_only);
  CHECK(other.text("PRAGMA journal_mode") == "wal");
}

TEST_CASE("a clean stop says so, a start takes it back") {
  const Folder folder;
  const auto clean = [&] {
    return sqlite::Connection(folder.database().string(), sqlite::Mode::read_only)
        .integer("SELECT stopped_clean FROM daemon_epoch");
  };
  {
    const auto store = open_store(folder);
    CHECK(clean() == 0);
  }
  CHECK(clean() == 1);
}

}  // namespace millrace::test
