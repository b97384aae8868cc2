#include "daemon/outputs.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "base/limits.h"

using namespace millrace;

namespace {

std::string shown(std::string_view text) {
  const TaskOutputs read = parse_outputs(text);
  std::string out;
  for (const Output& output : read.outputs) out += output.key + " = " + output.value + "\n";
  return out + read.problem;
}

}  // namespace

TEST_CASE("lines, blocks and JSON objects are outputs") {
  CHECK(shown("rows=12\nname=a b\nratio=0.5\nok=true\n") ==
        "name = \"a b\"\nok = true\nratio = 0.5\nrows = 12\n");
  CHECK(shown("text<<EOF\none\ntwo=2\nEOF\nafter=1\n") == "after = 1\ntext = \"one\\ntwo=2\"\n");
  CHECK(shown(R"({"files": ["a","b"], "metric": {"auc": 0.81}})") ==
        "files = [\"a\",\"b\"]\nmetric = {\"auc\":0.81}\n");
}

TEST_CASE("a later value of a key wins") { CHECK(shown("a=1\na=2\n") == "a = 2\n"); }

TEST_CASE("text that only looks like a number stays text") {
  CHECK(shown("version=1.2.3\nzip=007\nempty=\n") == "empty = \"\"\nversion = \"1.2.3\"\nzip = \"007\"\n");
  CHECK(shown(std::string_view("n=12\0z\n", 7)) == "n = \"12\\u0000z\"\n");
}

TEST_CASE("what can't be read is a problem with its line") {
  CHECK(shown("a=1\nnonsense\n") ==
        "a = 1\n$MILLRACE_OUTPUT line 2: expected 'key=value', 'key<<EOF' or a JSON object");
  CHECK(shown("text<<EOF\nno end") == "$MILLRACE_OUTPUT line 1: the block 'text<<EOF' has no end");
  CHECK(shown("{\"a\": ") == "$MILLRACE_OUTPUT line 1: not a JSON object");
  CHECK(shown("a b=1") == "$MILLRACE_OUTPUT line 1: a key must be letters, digits, '_' or '-'");
  CHECK(shown(std::string("{\"a\":") + std::string(100'000, '[')) ==
        "$MILLRACE_OUTPUT line 1: not a JSON object");
}

TEST_CASE("bytes that aren't UTF-8 become replacement characters, never an exception") {
  CHECK(shown("a=\xff\n") == "a = \"\xEF\xBF\xBD\"\n");
}

TEST_CASE("a file over the limit and a link are refused, no file is no output") {
  const auto folder = std::filesystem::temp_directory_path() / "millrace-outputs-test";
  std::filesystem::create_directories(folder);
  CHECK(read_outputs(folder / "none").problem.empty());
  {
    std::ofstream out(folder / "big");
    out << "a=" << std::string(limits::output_bytes, 'x');
  }
  CHECK(read_outputs(folder / "big").problem.find("the limit is") != std::string::npos);
  std::error_code error;
  std::filesystem::create_symlink("/etc/passwd", folder / "link", error);
  CHECK_FALSE(read_outputs(folder / "link").problem.empty());
  std::filesystem::remove_all(folder);
}

TEST_CASE("secrets in outputs are overwritten, and what is left is JSON") {
  const auto key = std::make_shared<const SecretKey>("k");
  const SecretMask mask(key, {key->print("hunter2"), key->print("123456"), key->print("a\"b\"c")});
  const auto hidden = [&](std::string_view text) {
    const TaskOutputs read = parse_outputs(text, &mask);
    std::string out;
    for (const Output& output : read.outputs) out += output.key + " = " + output.value + "\n";
    return out + read.problem;
  };
  CHECK(hidden("url=db://hunter2@x\nn=123456\nm=1234567\nrows=12\n") ==
        "m = \"******7\"\nn = \"******\"\nrows = 12\nurl = \"db://*******@x\"\n");
  CHECK(hidden(R"({"deep": [{"hunter2": ["x hunter2", 123456, null, true, 0.5]}]})") ==
        "deep = [{\"*******\":[\"x *******\",\"******\",null,true,0.5]}]\n");
  CHECK(hidden(R"({"quoted": "a\"b\"c"})") == "quoted = \"*****\"\n");
  CHECK(hidden("text<<EOF\nhunter2\nEOF\n") == "text = \"*******\"\n");
  CHECK(hidden("hunter2=1\n") == "$MILLRACE_OUTPUT line 1: a key holds a secret");
}
