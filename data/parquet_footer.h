#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

/// What the end of a Parquet file says of it, read without an engine: a few kilobytes, never the data.
struct ParquetFooter {
  std::int64_t rows = 0;
  std::vector<std::pair<std::string, std::string>> columns;  ///< name and type word; nested ones as `struct`
};

/// Nothing when the file isn't Parquet, is damaged, or its footer is beyond what is sensible.
std::optional<ParquetFooter> read_parquet_footer(const std::filesystem::path&);

/// The Thrift text (compact protocol, FileMetaData of parquet-format) between the data and the last eight
/// bytes.
std::optional<ParquetFooter> parse_parquet_metadata(std::string_view);

}  // namespace millrace
