#include "data/tree_hash.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "temporary.h"
#include "test_paths.h"

using namespace millrace;
using test::Temporary;

namespace {

namespace fs = std::filesystem;

std::string hash_of(const fs::path& path, int threads = 1) {
  const auto tree = hash_tree(path, threads);
  INFO((tree ? std::string{} : tree.error().message));
  REQUIRE(tree);
  return tree->hash;
}

std::string b3(const std::string& bytes) {
  Blake3Hash hash;
  hash.update(bytes);
  return hex(hash.digest());
}

}  // namespace

TEST_CASE("a file's version is the BLAKE3 of its bytes, as b3sum prints it") {
  const Temporary folder;
  test::write(folder / "empty", "");
  test::write(folder / "hello.txt", "hello\n");
  const std::string large(5'000'000, 'x');  // more than one buffer
  test::write(folder / "large", large);
  CHECK(hash_of(folder / "empty") == "b3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  CHECK(hash_of(folder / "hello.txt") == "b3:" + b3("hello\n"));
  CHECK(hash_of(folder / "large") == "b3:" + b3(large));
}

TEST_CASE("a folder's version is the BLAKE3 of its sorted list: the worked example of the document") {
  const Temporary folder;
  test::write(folder / "v/b.txt", "hello\n");
  test::write(folder / "v/a/1.csv", "x\n1\n");
  const auto tree = hash_tree(folder / "v", 1);
  REQUIRE(tree);
  CHECK(tree->bytes == 10);
  REQUIRE(tree->files.size() == 2);
  CHECK(tree->files[0].path == "a/1.csv");
  const std::string list = "millrace tree 1\n" + b3("x\n1\n") + " 4 a/1.csv" + '\0' + b3("hello\n") +
                           " 6 b.txt" + '\0';
  CHECK(tree->hash == "b3:" + b3(list));
  CHECK(tree->hash == "b3:4c3d22e1ed4e91328f2ab17789ebaeac9f9310ba0f06147f8c52baea2d619e2d");
  const std::string text = test::read(fs::path(MILLRACE_SOURCE_DIR) / "docs/dataset-versions.md");
  CHECK(text.contains(tree->hash));
}

TEST_CASE("names and contents make a version; times, modes, order and empty folders don't") {
  const Temporary folder;
  for (const char* copy : {"a", "b"})
    for (int i = 0; i < 300; ++i) {
      const int n = *copy == 'a' ? i : 299 - i;
      test::write(folder / copy / ("part-" + std::to_string(n) + ".txt"), std::to_string(n));
    }
  fs::create_directories(folder / "b/nothing/in/here");
  fs::permissions(folder / "b/part-7.txt", fs::perms::owner_all);
  fs::last_write_time(folder / "b/part-8.txt", fs::file_time_type{});
  const std::string hash = hash_of(folder / "a");
  CHECK(hash_of(folder / "b") == hash);
  CHECK(hash_of(folder / "a", 8) == hash);
  fs::rename(folder / "b/part-7.txt", folder / "b/part-seven.txt");
  CHECK(hash_of(folder / "b") != hash);
  test::write(folder / "a/part-7.txt", "8");
  CHECK(hash_of(folder / "a") != hash);
}

TEST_CASE("the list can't be forged by a name or by a file that holds it") {
  const Temporary folder;
  test::write(folder / "one/x", "");
  test::write(folder / "one/y", "");
  test::write(folder / "two/x 0 y", "");
  CHECK(hash_of(folder / "one") != hash_of(folder / "two"));
  fs::create_directories(folder / "none");
  CHECK(hash_of(folder / "none") == "b3:" + b3("millrace tree 1\n"));
}

TEST_CASE("what is neither file nor folder is refused with its path") {
  const Temporary folder;
  test::write(folder / "v/a.txt", "a");
  fs::create_symlink("a.txt", folder / "v/link");
  const auto linked = hash_tree(folder / "v", 2);
  REQUIRE_FALSE(linked);
  CHECK(linked.error().message.contains("v/link is a symbolic link"));
  CHECK_FALSE(hash_tree(folder / "v/link", 1));
  CHECK_FALSE(hash_tree(folder / "nothing", 1));
}
