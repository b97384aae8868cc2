#include "data/contract_check.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

using Json = nlohmann::json;

struct WordType {
  std::string_view word, type;
};
/// Words that mean exactly one type of the engine.
constexpr std::array<WordType, 15> exact{{{"boolean", "BOOLEAN"},
                                          {"int8", "TINYINT"},
                                          {"int16", "SMALLINT"},
                                          {"smallint", "SMALLINT"},
                                          {"int32", "INTEGER"},
                                          {"int64", "BIGINT"},
                                          {"bigint", "BIGINT"},
                                          {"hugeint", "HUGEINT"},
                                          {"float", "FLOAT"},
                                          {"double", "DOUBLE"},
                                          {"string", "VARCHAR"},
                                          {"date", "DATE"},
                                          {"binary", "BLOB"},
                                          {"uuid", "UUID"},
                                          {"json", "JSON"}}};
constexpr std::array<std::string_view, 10> whole_numbers{"TINYINT", "SMALLINT", "INTEGER",   "BIGINT",
                                                         "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
                                                         "UBIGINT", "UHUGEINT"};

std::int64_t number(const std::optional<std::string>& text) {
  std::int64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

/// `read_parquet('…')`; a folder is read as all its files of the format.
Result<std::string> source_of(const std::string& path, std::string_view format) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return fail(ErrorKind::not_found, fmt::format("there is no {}: the partition hasn't been made", path));
  const std::string_view kind = format == "dir" ? "parquet" : format;
  const std::string files =
      std::filesystem::is_directory(path, error) ? fmt::format("{}/**/*.{}", path, kind) : path;
  if (kind == "parquet") return fmt::format("read_parquet({})", sql_text(files));
  if (kind == "csv") return fmt::format("read_csv({})", sql_text(files));
  if (kind == "json") return fmt::format("read_json({})", sql_text(files));
  return fail(ErrorKind::invalid, fmt::format("the format '{}' can't be checked", format));
}

void judge(const ContractColumn& wanted, CheckReport& report) {
  const CheckReport::Column* found = nullptr;
  for (const auto& column : report.columns)
    if (column.name == wanted.name) found = &column;
  if (found == nullptr) {
    report.violations.push_back(fmt::format("column '{}' is missing", wanted.name));
    return;
  }
  if (!wanted.type.empty() && !type_matches(wanted.type, found->type))
    report.violations.push_back(
        fmt::format("column '{}' is {}; the contract says {}", wanted.name, found->type, wanted.type));
  if (wanted.required && found->nulls > 0)
    report.violations.push_back(fmt::format("column '{}' is required and has {} nulls in {} rows",
                                            wanted.name, found->nulls, report.rows));
  const double fraction =
      report.rows > 0 ? static_cast<double>(found->nulls) / static_cast<double>(report.rows) : 0.0;
  if (wanted.max_null_fraction && fraction > *wanted.max_null_fraction)
    report.violations.push_back(
        fmt::format("column '{}' is null in {:.4g} of the rows; the contract allows {:.4g}", wanted.name,
                    fraction, *wanted.max_null_fraction));
}

}  // namespace

bool type_matches(std::string_view word, std::string_view actual) {
  for (const WordType& pair : exact)
    if (pair.word == word) return pair.type == actual;
  if (word == "integer") {
    for (const std::string_view type : whole_numbers)
      if (type == actual) return true;
    return false;
  }
  if (word == "timestamp") return actual.starts_with("TIMESTAMP");
  if (word == "time") return actual.starts_with("TIME") && !actual.starts_with("TIMESTAMP");
  if (word == "decimal") return actual.starts_with("DECIMAL");
  if (word == "list") return actual.ends_with("]");
  if (word == "struct") return actual.starts_with("STRUCT");
  if (word == "map") return actual.starts_with("MAP");
  return false;
}

Result<CheckReport> check_contract(DuckDb& engine, const std::string& path, std::string_view format,
                                   const std::vector<ContractColumn>& contract) {
  const Result<std::string> source = source_of(path, format);
  if (!source) return std::unexpected(source.error());
  const Result<Table> described = engine.query("DESCRIBE SELECT * FROM " + *source);
  if (!described) return std::unexpected(described.error());
  CheckReport report;
  std::string aggregate = "SELECT count(*)";
  for (const auto& row : described->rows) {
    report.columns.push_back({row.at(0).value_or(""), row.at(1).value_or(""), 0});
    aggregate += fmt::format(", count({})", sql_name(report.columns.back().name));
  }
  const Result<Table> counted = engine.query(aggregate + " FROM " + *source);
  if (!counted) return std::unexpected(counted.error());
  report.rows = number(counted->rows.at(0).at(0));
  for (std::size_t i = 0; i < report.columns.size(); ++i)
    report.columns[i].nulls = report.rows - number(counted->rows[0].at(i + 1));
  for (const ContractColumn& column : contract) judge(column, report);
  return report;
}

JsonText contract_json(const std::vector<ContractColumn>& contract) {
  Json columns = Json::array();
  for (const ContractColumn& column : contract) {
    Json item{{"name", column.name}, {"type", column.type}, {"required", column.required}};
    if (column.max_null_fraction) item["max_null_fraction"] = *column.max_null_fraction;
    columns.push_back(std::move(item));
  }
  return columns.dump();
}

std::optional<std::vector<ContractColumn>> parse_contract(std::string_view json) {
  const Json columns = Json::parse(json, nullptr, false);
  if (!columns.is_array()) return {};
  std::vector<ContractColumn> out;
  for (const Json& item : columns) {
    if (!item.is_object() || !item.contains("name") || !item["name"].is_string()) return {};
    ContractColumn column{item["name"].get<std::string>(),
                          item.value("type", std::string{}),
                          item.value("required", false),
                          {}};
    if (item.contains("max_null_fraction"))
      column.max_null_fraction = item["max_null_fraction"].get<double>();
    out.push_back(std::move(column));
  }
  return out;
}

JsonText report_json(const CheckReport& report) {
  Json out{{"rows", report.rows}, {"violations", report.violations}};
  for (const auto& column : report.columns) {
    out["columns"][column.name] = column.type;
    out["null_fraction"][column.name] =
        report.rows > 0 ? static_cast<double>(column.nulls) / static_cast<double>(report.rows) : 0.0;
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace millrace
