#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dags/dag.h"
#include "data/duckdb.h"

namespace millrace {

/// What one scan of a partition found.
struct CheckReport {
  std::int64_t rows = 0;
  struct Column {
    std::string name, type;  ///< as the file has it
    std::int64_t nulls = 0;
  };
  std::vector<Column> columns;
  std::vector<std::string> violations;  ///< for a person, one each; empty: the contract holds
};

/// Whether a column of the engine's type `actual` ("BIGINT", "TIMESTAMP_NS", "DECIMAL(18,3)") keeps the
/// contract's word. `integer` means any whole number, `timestamp` any precision, with a zone or without; the
/// other words are exact.
bool type_matches(std::string_view contract_word, std::string_view actual);

/// One DESCRIBE and one aggregate over the file or folder: types, missing columns, nulls in required columns,
/// null fractions. Columns the contract doesn't name are reported, never a violation.
Result<CheckReport> check_contract(DuckDb&, const std::string& path, std::string_view format,
                                   const std::vector<ContractColumn>& contract);

/// The contract's columns as the worker's argument, and back. Nothing when the text isn't that.
JsonText contract_json(const std::vector<ContractColumn>&);
std::optional<std::vector<ContractColumn>> parse_contract(std::string_view json);

/// Lines for $MILLRACE_OUTPUT: rows, columns, null_fraction and violations.
JsonText report_json(const CheckReport&);

}  // namespace millrace
