#include "data/contract_check.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "test_paths.h"

using namespace millrace;

namespace {

/// The engine that `tools/setup example` brought; a test without it would prove nothing, so that its absence
/// fails.
std::unique_ptr<DuckDb> engine() {
  auto opened = DuckDb::open({std::string{MILLRACE_BINARY_DIR} + "/libduckdb.so"}, 256 << 20);
  INFO((opened ? std::string{} : opened.error().message));
  REQUIRE(opened);
  return std::move(*opened);
}

struct CsvFile {
  std::filesystem::path path;
  explicit CsvFile(const std::string& text)
      : path(std::filesystem::temp_directory_path() /
             ("millrace-contract-test." + std::to_string(getpid()) + ".csv")) {
    std::ofstream(path) << text;
  }
  ~CsvFile() { std::filesystem::remove(path); }
};

}  // namespace

TEST_CASE("a contract's words mean the engine's types") {
  CHECK(type_matches("integer", "BIGINT"));
  CHECK(type_matches("integer", "UTINYINT"));
  CHECK_FALSE(type_matches("integer", "DOUBLE"));
  CHECK(type_matches("timestamp", "TIMESTAMP_NS"));
  CHECK(type_matches("timestamp", "TIMESTAMP WITH TIME ZONE"));
  CHECK_FALSE(type_matches("time", "TIMESTAMP"));
  CHECK(type_matches("decimal", "DECIMAL(18,3)"));
  CHECK(type_matches("list", "INTEGER[]"));
  CHECK_FALSE(type_matches("int32", "BIGINT"));
  CHECK_FALSE(type_matches("nonsense", "BIGINT"));
}

TEST_CASE("a contract survives the way to the worker") {
  const std::vector<ContractColumn> contract{{"a", "string", true, {}}, {"b\"'", "double", false, 0.25}};
  const auto back = parse_contract(contract_json(contract));
  REQUIRE(back);
  REQUIRE(back->size() == 2);
  CHECK((*back)[1].name == "b\"'");
  CHECK((*back)[1].max_null_fraction == 0.25);
  CHECK_FALSE(parse_contract("{}"));
  CHECK_FALSE(parse_contract("["));
}

TEST_CASE("one scan finds types, missing columns and nulls") {
  const CsvFile file("airport,delay,note\nJFK,12,\nLAX,,\nSFO,7,x\nSEA,3,\n");
  const auto db = engine();
  const auto report = check_contract(*db, file.path, "csv",
                                     {{"airport", "string", true, {}},
                                      {"delay", "string", true, {}},
                                      {"note", "", false, 0.5},
                                      {"gone", "integer", false, {}}});
  REQUIRE(report);
  CHECK(report->rows == 4);
  CHECK(report->violations ==
        std::vector<std::string>{"column 'delay' is BIGINT; the contract says string",
                                 "column 'delay' is required and has 1 nulls in 4 rows",
                                 "column 'note' is null in 0.75 of the rows; the contract allows 0.5",
                                 "column 'gone' is missing"});
}

TEST_CASE("a contract that holds has no violations") {
  const CsvFile file("airport,delay\nJFK,12\n");
  const auto db = engine();
  const auto report = check_contract(*db, file.path, "csv",
                                     {{"airport", "string", true, {}}, {"delay", "integer", true, 0.0}});
  REQUIRE(report);
  CHECK(report->violations.empty());
  CHECK(report_json(*report).find("\"rows\":1") != std::string::npos);
}

TEST_CASE("a partition that isn't there and a file that can't be read are said in words") {
  const auto db = engine();
  CHECK(check_contract(*db, "/no/such/file.parquet", "parquet", {}).error().kind == ErrorKind::not_found);
  const CsvFile file("not parquet");
  CHECK_FALSE(check_contract(*db, file.path, "parquet", {}));
}

TEST_CASE("a path with quotes is a path, not SQL") {
  const auto db = engine();
  const auto report = check_contract(*db, "no-such'); DROP TABLE t; --", "csv", {});
  CHECK(report.error().kind == ErrorKind::not_found);
}
