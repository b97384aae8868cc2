#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "store/store.h"

/// What the tests of failing disks do to a store: transactions of every kind, and what each must leave.
namespace millrace::test {

/// Every row of every table but the daemon's own epoch, as text. Empty: no table yet.
std::string contents(const std::filesystem::path& database);

/// What SQLite itself says of the file; "ok" when it is sound.
std::string integrity(const std::filesystem::path& database);

struct Step {
  std::string name;
  std::function<Result<void>(Store&)> act;
};

/// The life of a run, a backfill, datasets, people and their tokens, one transaction a step.
std::vector<Step> history();

/// contents() of a new database and after each step of history().
std::vector<std::string> states_of_history();

/// A database of the first `migrations` migrations, without a daemon's epoch taken.
void make_older(const std::filesystem::path& database, int migrations);

}  // namespace millrace::test
