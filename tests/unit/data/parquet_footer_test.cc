#include "data/parquet_footer.h"

#include <catch2/catch.hpp>
#include <random>

#include "data/duckdb.h"
#include "temporary.h"
#include "test_paths.h"

using namespace millrace;
using test::Temporary;

namespace {

std::string parquet(const Temporary& folder, const std::string& select) {
  auto engine = DuckDb::open({std::string{MILLRACE_BINARY_DIR} + "/libduckdb.so"}, 256 << 20);
  REQUIRE(engine);
  const std::string path = folder / "t.parquet";
  const auto written = (*engine)->query("COPY (" + select + ") TO '" + path + "' (FORMAT parquet)");
  INFO((written ? std::string{} : written.error().message));
  REQUIRE(written);
  return path;
}

}  // namespace

TEST_CASE("rows and columns are read from the end of a Parquet file") {
  const Temporary folder;
  const std::string path = parquet(
      folder,
      "SELECT i AS n, i::INTEGER AS n32, i::TINYINT AS n8, i::DOUBLE AS f, 'x' AS s, DATE '2001-01-01' AS d,"
      " TIMESTAMP '2001-01-01' AS t, true AS b, i::DECIMAL(9,2) AS m, [i] AS l, {'a': i, 'b': {'c': i}} AS r,"
      " 'y' AS last FROM range(100) r(i)");
  const auto footer = read_parquet_footer(path);
  REQUIRE(footer);
  CHECK(footer->rows == 100);
  const std::vector<std::pair<std::string, std::string>> expected{
      {"n", "int64"},   {"n32", "int32"}, {"n8", "int8"},     {"f", "double"},
      {"s", "string"},  {"d", "date"},    {"t", "timestamp"}, {"b", "boolean"},
      {"m", "decimal"}, {"l", "list"},    {"r", "struct"},    {"last", "string"}};
  CHECK(footer->columns == expected);
}

TEST_CASE("what isn't Parquet has no footer") {
  const Temporary folder;
  CHECK_FALSE(read_parquet_footer(folder / "nothing"));
  test::write(folder / "short", "PAR1");
  CHECK_FALSE(read_parquet_footer(folder / "short"));
  test::write(folder / "csv", "a,b\n1,2\n3,4\n");
  CHECK_FALSE(read_parquet_footer(folder / "csv"));
  // A length beyond the file.
  test::write(folder / "long", std::string("PAR1....\xff\xff\xff\x00PAR1", 16));
  CHECK_FALSE(read_parquet_footer(folder / "long"));
}

TEST_CASE("damaged metadata is refused or read, never trusted") {
  const Temporary folder;
  const std::string bytes = test::read(parquet(folder, "SELECT i AS n, {'a': [i]} AS r FROM range(9) r(i)"));
  const std::size_t length = static_cast<unsigned char>(bytes[bytes.size() - 8]) +
                             256u * static_cast<unsigned char>(bytes[bytes.size() - 7]);
  const std::string metadata = bytes.substr(bytes.size() - 8 - length, length);
  REQUIRE(parse_parquet_metadata(metadata));
  for (std::size_t cut = 0; cut < metadata.size(); ++cut) {
    const auto found = parse_parquet_metadata(metadata.substr(0, cut));
    if (found) CHECK(found->rows == 9);
  }
  std::mt19937 dice(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = metadata;
    for (int i = 0; i < 1 + round % 4; ++i) damaged[dice() % damaged.size()] = static_cast<char>(dice());
    const auto found = parse_parquet_metadata(damaged);
    if (found) CHECK(found->rows >= 0);
  }
}
