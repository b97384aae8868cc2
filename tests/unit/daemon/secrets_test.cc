#include "daemon/secrets.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/limits.h"

using namespace millrace;

namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "millrace-secrets-XXXXXX").string();
    paths.root = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(paths.root); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(paths.root / name, std::ios::binary) << text;
    return paths.root / name;
  }
  std::unique_ptr<Secrets> open(std::vector<SecretPrintRow> known = {}) const {
    auto opened = Secrets::open(paths, std::move(known));
    REQUIRE(opened);
    return std::move(*opened);
  }
  Paths paths;
};

Dag dag_with(Secret::From from, const std::string& source) {
  Dag dag;
  dag.dag_id = "etl";
  dag.secrets.push_back({"DB_URL", from, source, {4, 9}});
  return dag;
}

std::string problem(Secrets& secrets, Secret::From from, const std::string& source) {
  const auto got = secrets.values(dag_with(from, source));
  REQUIRE_FALSE(got);
  return got.error().message;
}

}  // namespace

TEST_CASE("a secret comes from the daemon's environment or from a file, but for one line end") {
  const Folder folder;
  const auto secrets = folder.open();
  setenv("MILLRACE_TEST_SECRET", "hunter2 of the environment\n", 1);
  const auto by_env = secrets->values(dag_with(Secret::From::env, "MILLRACE_TEST_SECRET"));
  REQUIRE(by_env);
  CHECK(*by_env == Secrets::Environment{{"DB_URL", "hunter2 of the environment\n"}});
  const auto by_file = secrets->values(dag_with(Secret::From::file, folder.file("a", "from a file\n\n")));
  REQUIRE(by_file);
  CHECK(by_file->at(0).second == "from a file\n");
  CHECK(secrets->mask_of("etl")->hidden("x from a file y") == "x *********** y");
  CHECK(secrets->mask_of("other") == nullptr);
}

TEST_CASE("what can't be had is named, with its place, and never shown") {
  const Folder folder;
  const auto secrets = folder.open();
  unsetenv("MILLRACE_TEST_SECRET");
  CHECK(problem(*secrets, Secret::From::env, "MILLRACE_TEST_SECRET") ==
        "4:9: secret 'DB_URL' can't be had from the environment variable MILLRACE_TEST_SECRET of the daemon: "
        "it isn't set");
  const std::string missing = (folder.paths.root / "none").string();
  CHECK(problem(*secrets, Secret::From::file, missing) ==
        "4:9: secret 'DB_URL' can't be had from the file '" + missing + "': No such file or directory");
  const std::pair<std::string, std::string> cases[] = {
      {"tiny", "no line of 6 bytes"},
      {"a\nb\nc\nd\n", "no line of 6 bytes"},
      {std::string("with\0nul", 8), "a NUL byte"},
      {std::string(limits::secret_bytes + 1, 'x'), "more than 65536 bytes"},
      {std::string(3 * limits::secret_bytes, 'x'), "more than 65536 bytes"}};
  for (const auto& [text, words] : cases) {
    const std::string said = problem(*secrets, Secret::From::file, folder.file("bad", text));
    INFO(said);
    CHECK(said.find(words) != said.npos);
    CHECK(said.find(text.substr(0, 4)) == said.npos);
  }
  REQUIRE(mkfifo((folder.paths.root / "fifo").c_str(), 0600) == 0);
  const std::string fifo = folder.paths.root / "fifo";
  CHECK(problem(*secrets, Secret::From::file, fifo).find("regular") != std::string::npos);
  CHECK(problem(*secrets, Secret::From::file, "/").find("regular") != std::string::npos);
  CHECK(secrets->unstored().empty());
}

TEST_CASE("what masks is stored once, holds no value, and masks old and new values after a restart") {
  const Folder folder;
  std::vector<SecretPrintRow> stored;
  for (const char* value : {"the first value", "the second one", "the first value"}) {
    const auto secrets = folder.open(stored);
    REQUIRE(secrets->values(dag_with(Secret::From::file, folder.file("s", value))));
    REQUIRE(secrets->values(dag_with(Secret::From::file, folder.file("s", value))));
    for (const SecretPrintRow& row : secrets->unstored()) {
      CHECK((row.digest + row.name).find(value) == std::string::npos);
      stored.push_back(row);
    }
    secrets->stored();
    CHECK(secrets->unstored().empty());
  }
  // Each is looked for as it is, as a URL writes it, and at the three places of base64.
  CHECK(stored.size() == 10);
  const auto secrets = folder.open(stored);
  const auto mask = secrets->mask_of("etl");
  CHECK(mask->hidden("the first value, the second one") == "***************, **************");
}

TEST_CASE("values that came another way are masked too, unless they are too short") {
  const Folder folder;
  const auto secrets = folder.open();
  secrets->watch_for("etl", "PARAM_PASSWORD", "tiny");
  CHECK(secrets->mask_of("etl") == nullptr);
  secrets->watch_for("etl", "PARAM_PASSWORD", "long enough");
  CHECK(secrets->mask_of("etl")->hidden("is long enough") == "is ***********");
}

TEST_CASE("the key is a private file of the folder, and old prints need it") {
  const Folder folder;
  auto secrets = folder.open();
  struct stat facts{};
  REQUIRE(stat(folder.paths.secrets_key().c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
  REQUIRE(secrets->values(dag_with(Secret::From::file, folder.file("s", "the first value"))));
  const auto rows = secrets->unstored();
  fs::remove(folder.paths.secrets_key());
  const auto lost = Secrets::open(folder.paths, rows);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().message.find("is missing") != std::string::npos);
  folder.file("secrets.key", "cut");
  CHECK_FALSE(Secrets::open(folder.paths, rows));
  folder.file("secrets.key", "");  // a person's word that it is lost
  CHECK(Secrets::open(folder.paths, rows));
  CHECK(fs::file_size(folder.paths.secrets_key()) == 32);
}
