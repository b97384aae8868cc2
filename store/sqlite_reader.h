#pragma once

#include <memory>

#include "store/reader.h"
#include "store/sqlite.h"

/// Internal to store/.
namespace millrace {

/// A reader on a connection that somebody else owns. On the writing one it sees what the open transaction has
/// written so far.
std::unique_ptr<StoreReader> make_reader(sqlite::Connection&);

}  // namespace millrace
