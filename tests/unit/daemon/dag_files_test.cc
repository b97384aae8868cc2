#include "daemon/dag_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>

using namespace millrace;

namespace {

namespace fs = std::filesystem;

/// `dags` is the folder, `outside` is beside it.
class Folders {
 public:
  Folders() {
    std::string name = fs::temp_directory_path() / "millrace-dag-files-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    root_ = fs::canonical(name);
    fs::create_directories(dags());
    fs::create_directories(root_ / "outside");
  }
  Folders(const Folders&) = delete;
  Folders& operator=(const Folders&) = delete;
  ~Folders() { fs::remove_all(root_); }

  fs::path dags() const { return root_ / "dags"; }
  fs::path outside() const { return root_ / "outside"; }
  void file(const std::string& name) const {
    fs::create_directories((dags() / name).parent_path());
    std::ofstream(dags() / name) << name;
  }
  void link(const fs::path& to, const std::string& name) const {
    fs::create_directories((dags() / name).parent_path());
    fs::create_symlink(to, dags() / name);
  }
  FoundFiles found(std::size_t most = 100) const {
    return find_dag_files(dags(), most, [this](const fs::path& at) { entered.insert(at); });
  }
  /// What would be read under each name, or why it isn't.
  std::map<std::string, std::string> seen() const {
    const FoundFiles all = found();
    std::map<std::string, std::string> out;
    for (const FoundFile& one : all.files)
      out[one.name] = one.problem.empty() ? read_dag_file(all.root, one.file, 1'000).value() : one.problem;
    return out;
  }
  mutable std::set<fs::path> entered;

 private:
  fs::path root_;
};

using Seen = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("DAG files are those with the ending, at any depth, without hidden ones") {
  const Folders folders;
  for (const char* name : {"a.yaml", "sub/deep/b.yml", "c.txt", ".d.yaml", ".git/e.yaml"}) folders.file(name);
  CHECK(folders.seen() == Seen{{"a.yaml", "a.yaml"}, {"sub/deep/b.yml", "sub/deep/b.yml"}});
  CHECK(folders.entered ==
        std::set<fs::path>{folders.dags(), folders.dags() / "sub", folders.dags() / "sub" / "deep"});
  CHECK(folders.found(1).cut);
  CHECK(folders.found(1).files.size() == 1);
  CHECK_FALSE(folders.found(2).cut);
}

TEST_CASE("a link within the folder is what it leads to, also into hidden places") {
  const Folders folders;
  folders.file("..2024/a.yaml");
  folders.file("..2024/sub/b.yaml");
  folders.link("..2024", "..data");
  folders.link("..data/a.yaml", "a.yaml");
  folders.link(folders.dags() / "..data" / "sub", "team");  // absolute
  CHECK(folders.seen() == Seen{{"a.yaml", "..2024/a.yaml"}, {"team/b.yaml", "..2024/sub/b.yaml"}});
  CHECK(folders.entered.contains(folders.dags() / "..2024"));  // where a change of a.yaml shows
}

TEST_CASE("what a link shows a second time is known by its own name, and a circle ends") {
  const Folders folders;
  folders.file("sub/a.yaml");
  folders.link("sub/a.yaml", "again.yaml");
  folders.link("sub", "as_well");
  folders.link("..", "sub/up");
  folders.link(".", "here");
  CHECK(folders.seen() == Seen{{"sub/a.yaml", "sub/a.yaml"}});
}

TEST_CASE("links out of the folder, in a circle or to nowhere are told; those that hold no DAG aren't") {
  const Folders folders;
  std::ofstream(folders.outside() / "x.yaml") << "x";
  std::ofstream(folders.outside() / "notes.txt") << "x";
  folders.link(folders.outside() / "x.yaml", "x.yaml");
  folders.link("../../outside/x.yaml", "sub/y.yaml");
  folders.link(folders.outside(), "team");
  folders.link("nowhere", "gone.yaml");
  folders.link("b.yaml", "a.yaml");
  folders.link("a.yaml", "b.yaml");
  folders.link(folders.outside() / "notes.txt", "notes.txt");
  folders.link("nowhere", "gone.txt");
  folders.link(folders.outside(), ".venv");
  REQUIRE(mkfifo((folders.dags() / "fifo.yaml").c_str(), 0600) == 0);
  const Seen seen = folders.seen();
  for (const char* name : {"x.yaml", "sub/y.yaml", "team"})
    CHECK(seen.at(name).find("outside of the DAG folder and isn't read") != std::string::npos);
  CHECK(seen.at("x.yaml").find("'" + (folders.outside() / "x.yaml").string() + "'") != std::string::npos);
  for (const char* name : {"gone.yaml", "a.yaml", "b.yaml"})
    CHECK(seen.at(name).find("it's a link that can't be followed") == 0);
  CHECK(seen.at("fifo.yaml") == "it isn't a regular file");
  CHECK(seen.size() == 7);
}

TEST_CASE("the folder itself may be a link") {
  const Folders folders;
  folders.file("a.yaml");
  const fs::path link = folders.outside() / "dags";
  fs::create_symlink(folders.dags(), link);
  const FoundFiles found = find_dag_files(link, 10, [](const fs::path&) {});
  REQUIRE(found.files.size() == 1);
  CHECK(found.files[0].problem.empty());
  CHECK(found.root == folders.dags());
  CHECK_FALSE(find_dag_files(folders.outside() / "none", 10, [](const fs::path&) {}).failed.empty());
}

TEST_CASE("a file that became a link, a folder or a FIFO since the look isn't read") {
  const Folders folders;
  folders.file("sub/a.yaml");
  std::ofstream(folders.outside() / "a.yaml") << "secret";
  const fs::path name = "sub/a.yaml";
  CHECK(read_dag_file(folders.dags(), name, 100) == "sub/a.yaml");
  CHECK(read_dag_file(folders.dags(), name, 3)->size() > 3);
  fs::remove(folders.dags() / name);
  folders.link(folders.outside() / "a.yaml", name.string());
  CHECK_FALSE(read_dag_file(folders.dags(), name, 100));
  fs::remove(folders.dags() / name);
  REQUIRE(mkfifo((folders.dags() / name).c_str(), 0600) == 0);
  CHECK_FALSE(read_dag_file(folders.dags(), name, 100));
  fs::remove_all(folders.dags() / "sub");
  fs::create_symlink(folders.outside(), folders.dags() / "sub");
  CHECK_FALSE(read_dag_file(folders.dags(), name, 100));
  CHECK_FALSE(read_dag_file(folders.dags(), "../outside/a.yaml", 100));
}
