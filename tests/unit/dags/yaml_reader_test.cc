#include "dags/yaml_reader.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "base/limits.h"
#include "dags/parser.h"

using namespace millrace;

namespace {

std::string first_message(std::string_view text) {
  const YamlResult result = read_yaml(text);
  return result.diagnostics.empty() ? "" : result.diagnostics.entries[0].message;
}

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') + "x" +
         std::string(static_cast<std::size_t>(depth), ']');
}

}  // namespace

TEST_CASE("the tree keeps texts, styles and places") {
  const YamlResult result = read_yaml("a: 1\nb: [x, 'y']\nc:\n  d: |\n    line\n    two\n");
  REQUIRE(result.diagnostics.empty());
  const YamlNode root = result.tree.root();
  REQUIRE(root.is_map());
  CHECK(root.size() == 3);
  CHECK(root.find("a").text() == "1");
  CHECK(root.find("a").place() == Place{1, 4});
  CHECK(root.find("b").size() == 2);
  std::string items;
  for (const YamlNode item : root.find("b").items())
    items += std::string{item.text()} + (item.is_plain() ? "p" : "q");
  CHECK(items == "xpyq");
  const YamlNode block = root.find("c").find("d");
  CHECK(block.style() == YamlNode::Style::block);
  CHECK(block.text() == "line\ntwo\n");
  CHECK(block.place() == Place{4, 6});
  CHECK(block.text_place() == Place{5, 5});
  CHECK_FALSE(root.find("nope"));
  CHECK(root.find("nope").find("deeper").text().empty());
}

TEST_CASE("columns count bytes, also after other scripts") {
  const YamlResult result = read_yaml("\xc3\xa9: {k: v}\n");
  REQUIRE(result.diagnostics.empty());
  CHECK(result.tree.root().find("\xc3\xa9").find("k").place() == Place{1, 9});
}

TEST_CASE("lines may end in CR LF") {
  const YamlResult result = read_yaml("a: 1\r\nb: x\r\n");
  REQUIRE(result.diagnostics.empty());
  CHECK(result.tree.root().find("b").text() == "x");
  CHECK(result.tree.root().find("b").place() == Place{2, 4});
}

TEST_CASE("depth has a limit on both sides of which the reader is sure") {
  CHECK(first_message(nested(limits::yaml_depth)) == "");
  CHECK(first_message(nested(limits::yaml_depth + 1)) == "more than 32 levels deep");
  CHECK(first_message(nested(200'000)) == "more than 32 levels deep");
  std::string blocks;
  for (int i = 0; i < 40; ++i) blocks += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  CHECK(first_message(blocks) == "more than 32 levels deep");
}

TEST_CASE("a file above the limit is refused before it is parsed") {
  const std::string at_limit(limits::dag_file_bytes, '#');
  CHECK(first_message(at_limit) == "the file is empty");
  CHECK(first_message(at_limit + "#") == "the file has 16777217 bytes; the limit is 16 MB");
  CHECK(first_message(std::string(17u << 20, 'x')).starts_with("the file has "));
}

TEST_CASE("what isn't UTF-8 is refused where it stands") {
  for (const char* bad :
       {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8", "\xe2\x82", "\xff"}) {
    const YamlResult result = read_yaml(std::string{"a: 1\nb: \""} + bad + "\"\n");
    REQUIRE(result.diagnostics.entries.size() == 1);
    CHECK(result.diagnostics.entries[0].place == Place{2, 5});
  }
  for (const char* good : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\x89", "\xf4\x8f\xbf\xbf"})
    CHECK(first_message(std::string{"a: \""} + good + "\"\n") == "");
  CHECK(first_message(std::string_view{"a\0b: 1\n", 7}) == "the file holds a NUL byte");
}

TEST_CASE("tabs indent nothing but may stand in text") {
  CHECK(first_message("a:\n\tb: 1\n") == "a tab can't indent YAML");
  CHECK(first_message("a:\n  \tb: 1\n") == "a tab can't indent YAML");
  CHECK(first_message("a: |\n  x\n  \ty\nb: 1\n") == "");
  CHECK(first_message("a: |  # comment\n  x\n  \ty\n") == "");
  CHECK(first_message("a: \"x\\ty\"\t\n") == "");
}

TEST_CASE("duplicate keys are found in maps of any size") {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  CHECK(first_message(text) == "");
  text += "k7: 2\n";
  const YamlResult result = read_yaml(text);
  REQUIRE(result.diagnostics.entries.size() == 1);
  CHECK(result.diagnostics.entries[0].message == "duplicate key 'k7'");
  CHECK(result.diagnostics.entries[0].hint == "it is already at line 8, column 1");
}

TEST_CASE("a quote that the end of the file closes is refused") {
  CHECK(first_message("a: \"x\nb: 1\n") == "this \" is never closed");
  CHECK(first_message("a: 'it''s\n") == "this ' is never closed");
  CHECK(first_message("a: 'it''s'\n") == "");
  CHECK(first_message("a: \"x\\\"\"\n") == "");
}

TEST_CASE("an alias bomb costs nothing and is named") {
  std::string bomb = "a0: &a0 [x]\n";
  for (int i = 1; i < 30; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) bomb += "*a" + std::to_string(i - 1) + ", ";
    bomb += "x]\n";
  }
  const YamlResult result = read_yaml(bomb);
  CHECK(result.diagnostics.entries.size() <= limits::diagnostics_per_file);
  CHECK(first_message(bomb) == "anchors ('&name') aren't part of the language");
}

TEST_CASE("a file of brackets alone is refused before the scanner queues it") {
  CHECK(first_message(std::string(4'000'000, '[')) == "the file has more than 3000000 brackets and commas");
}

TEST_CASE("a text of templates alone is refused before it is read") {
  std::string text = "dag_id: d\ntasks: {a: {command: [x, \"";
  for (int i = 0; i < 500'000; ++i) text += "{{ ";
  const ParseResult result = parse_dag(text + "\"]}}\n");
  REQUIRE(result.diagnostics.entries.size() == 1);
  CHECK(result.diagnostics.entries[0].message == "more than 1000 templates in one text");
}

TEST_CASE("random bytes and random cuts of a good file never do harm") {
  const std::string good =
      "dag_id: d\nschedule: {cron: '0 6 * * *', dst: {missing: skip}}\nparams: {p: {type: integer, default: "
      "1}}\n"
      "tasks:\n  a:\n    script: |\n      echo {{ ds }}\n  b: {depends_on: [a], command: [x, \"{{ params.p "
      "}}\"]}\n";
  const std::string alphabet = "{}[]:,-&*!|>'\"%@`#\t\n \\ab?~<0";
  std::mt19937 random{42};
  for (int round = 0; round < 3'000; ++round) {
    std::string text = good;
    for (unsigned n = 1 + random() % 4; n > 0; --n) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          text.erase(at, 1 + random() % 9);
          break;
        default:
          text.insert(at, 1, static_cast<char>(random() % 256));
          break;
      }
      if (text.empty()) text = "x";
    }
    const ParseResult result = parse_dag(text);
    CHECK((result.dag != nullptr) == result.diagnostics.empty());
  }
}

TEST_CASE("a file that holds one value is read, one that holds none is empty") {
  CHECK(read_yaml("x").tree.root().text() == "x");
  for (const char* empty : {"", "~", "null", "---\n", "# only\n"})
    CHECK(first_message(empty) == "the file is empty");
  const YamlResult nothing = read_yaml("");
  CHECK_FALSE(nothing.tree.root());
  CHECK(nothing.tree.root().text_place() == Place{});
}

TEST_CASE("a folded block begins where its text does, blank lines left out") {
  const auto place = [](const char* text) {
    const YamlResult file = read_yaml(text);
    REQUIRE(file.diagnostics.empty());
    const YamlNode node = file.tree.root().find("a");
    CHECK(node.style() == YamlNode::Style::block);
    return node.text_place();
  };
  CHECK(place("a: >\n  one\n  two\n") == Place{2, 3});
  CHECK(place("a: |+\n\n\r\n   one\n") == Place{4, 4});
  CHECK(place("a: |2-\n  one\n") == Place{2, 3});
  CHECK(place("a: |") == Place{1, 4});
  CHECK(place("a: |\n   ") == Place{1, 4});
}

TEST_CASE("a quoted '<<' is a key like others") {
  CHECK(first_message("'<<': x\n") == "");
  CHECK(first_message("<<: {a: b}\n") == "merge keys ('<<') aren't part of the language");
}

TEST_CASE("no more duplicate keys are told than anyone reads") {
  std::string text = "k: 1\n";
  for (int i = 0; i < 300; ++i) text += "k: 1\n";
  CHECK(read_yaml(text).diagnostics.entries.size() == limits::diagnostics_per_file);
}

TEST_CASE("a character that the file's end cuts off is refused where it stands") {
  for (const char* cut : {"\xc3", "\xe2\x82", "\xe0\xa0", "\xed\x9f", "\xf0\x9f", "\xf0\x9f\x8e",
                          "\xf0\x80\x80\x80", "\xf0\x9f" "a", "\xf0\x9f\x8e" "a"}) {
    const YamlResult result = read_yaml(std::string{"a: "} + cut);
    REQUIRE(result.diagnostics.entries.size() == 1);
    CHECK(result.diagnostics.entries[0].place == Place{1, 4});
  }
  for (const char* good : {"\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80"})
    CHECK(first_message(std::string{"a: "} + good) == "");
  CHECK(first_message("a: 1\r") == "the file holds a carriage return without a line feed");
}

TEST_CASE("tabs may stand in every block that the file opens") {
  CHECK(first_message("a:\n  - |+\n    x\n    \ty\n") == "");
  CHECK(first_message("a: >1-\n x\n \ty\n") == "");
  CHECK(first_message("|\n  x\n") == "");
  CHECK(first_message("a: b|\n\tc: d\n") == "a tab can't indent YAML");
}
