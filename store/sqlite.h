#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/store_error.h"

struct sqlite3;
struct sqlite3_stmt;

/// A thin owner of SQLite's two handles. Internal to store/. Errors are thrown as `Failure` and become
/// Results or StoreErrors before they leave the room. No clock, no retry, no policy in here.
namespace millrace::sqlite {

/// What SQLite said. `code` is the extended result code.
class Failure : public StoreError {
 public:
  Failure(int code, const std::string& message) : StoreError(message), code_(code) {}
  int code() const { return code_; }
  bool full() const;     ///< no room on the disk
  bool busy() const;     ///< locked by somebody else for longer than the busy time-out
  bool unique() const;   ///< a UNIQUE or PRIMARY KEY constraint refused it
  bool damaged() const;  ///< corrupt, or no database at all
  bool read_only() const;
  bool io() const;  ///< the disk failed: stop, never retry
  bool bounded() const;  ///< it took more steps than a Bound allows

 private:
  int code_;
};

enum class Mode { read_write_create, read_only };

class Connection {
 public:
  Connection(const std::string& path, Mode);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Runs statements that give no rows, or whose rows nobody wants.
  void exec(const std::string& sql);
  /// The first column of the first row; nothing without a row.
  std::optional<std::int64_t> integer(std::string_view sql);
  std::optional<std::string> text(std::string_view sql);

  int changes() const;  ///< rows changed by the last statement
  bool in_transaction() const;
  bool is_read_only() const;
  /// Copies WAL frames into the database as far as readers allow, without waiting. Returns frames still to
  /// copy.
  int checkpoint();
  /// At close nothing is copied or synced any more, as after `kill -9`.
  void leave_as_it_is();
  /// Frames in the WAL after the last commit of this connection.
  int wal_frames() const { return wal_frames_; }
  sqlite3* handle() const { return db_; }

 private:
  sqlite3* db_ = nullptr;
  int wal_frames_ = 0;
};

/// One prepared statement, kept and used again. Parameters count from 1, columns from 0.
class Statement {
 public:
  Statement(Connection&, std::string_view sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  void bind(int index, std::int64_t);
  void bind_null(int index);
  void bind(int index, std::string_view);  ///< not copied: must live until the next reset
  void bind_copy(int index, std::string_view);

  bool step();   ///< true: a row; false: done
  void reset();  ///< ends its read; keeps nothing bound that it was not given
  /// Steps to the end and resets, also when it throws.
  void run();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;  ///< valid until the next step or reset

 private:
  [[noreturn]] void fail(int code) const;
  sqlite3* db_;
  sqlite3_stmt* statement_ = nullptr;
};

/// Resets a kept statement when the scope ends: a read must not outlive its call.
class Use {
 public:
  explicit Use(Statement& s) : statement_(s) {}
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() { statement_.reset(); }
  Statement* operator->() const { return &statement_; }
  Statement& operator*() const { return statement_; }

 private:
  Statement& statement_;
};

/// While it lives, a statement that takes about so many steps of SQLite's machine ends with a Failure that is
/// bounded(). One at a time on a connection.
class Bound {
 public:
  Bound(Connection&, int steps);
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;
  ~Bound();

 private:
  static int count(void* self);
  Connection& connection_;
  int left_;
};

/// BEGIN … COMMIT; rolled back when the scope ends without commit(). A read inside of another transaction is
/// part of it.
class Transaction {
 public:
  enum class Kind { read, write };
  Transaction(Connection&, Kind);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace millrace::sqlite
