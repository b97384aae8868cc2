// Tokens, sessions, kept answers and the audit chain in the store.
#include <catch2/catch.hpp>

#include "base/limits.h"
#include "samples.h"
#include "store/access_sql.h"
#include "store/secret_texts.h"
#include "store/sqlite.h"

namespace millrace::test {
namespace {

TokenRow token(std::string id) {
  TokenRow row;
  row.id = id, row.name = "ci", row.role = "operator", row.dags = {"flights_*"};
  row.secret_sha256 = std::string(60, 'a') + id, row.created_by = "admin";
  row.created_at = WallTime{5};
  return row;
}

Audited audited(std::string who, std::size_t first, std::size_t end) {
  Audited entry;
  entry.row.who = who, entry.row.method = "PATCH", entry.row.path = "/x", entry.row.at = WallTime{7};
  entry.first_change = first, entry.end_change = end;
  return entry;
}

/// A pool of one slot, then of two, by two people in one batch.
void write_two(Store& store) {
  const std::vector<Change> changes = {PoolRow{"p", 1, "", false, 1}, PoolRow{"p", 2, "", false, 2}};
  const std::vector<Audited> audits = {audited("anna", 0, 1), audited("ben", 1, 2)};
  REQUIRE(store.write({.changes = changes, .audits = audits}));
}

}  // namespace

TEST_CASE("tokens and sessions come back as they were written, and change") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  std::vector<AccessRow> rows = {token("tok_1")};
  SessionRow session;
  session.id = "ses_1", session.secret_sha256 = std::string(64, 'b'), session.token_id = "tok_1";
  session.kind = "browser", session.expires_at = WallTime{100};
  rows.emplace_back(session);
  REQUIRE(store->write({.access = rows}));
  CHECK(reader->access().tokens() == std::vector{token("tok_1")});
  CHECK(reader->access().sessions(WallTime{99}) == std::vector{session});
  CHECK(reader->access().sessions(WallTime{100}).empty());
  TokenRow revoked = token("tok_1");
  revoked.revoked_at = WallTime{9};
  session.ended_at = WallTime{9};
  rows = {revoked, session};
  REQUIRE(store->write({.access = rows}));
  CHECK(reader->access().tokens() == std::vector{revoked});
  CHECK(reader->access().sessions(WallTime{1}).empty());
}

TEST_CASE("an answer is made from what its own transaction has written, and kept with it or not at all") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  const KeptAnswerRow row{"tok_1", "k", "f", WallTime{5}, 200, "application/json", "{}"};
  std::int64_t seen = 0;
  const auto answers = [&](StoreReader& inside) {
    seen = inside.runs({}, {}).value().total_entries;
    return std::vector{row};
  };
  const std::vector<Change> changes = {plain_run(1)};
  REQUIRE(store->write({.changes = changes, .answers = answers}));
  CHECK(seen == 1);
  CHECK(reader->access().kept_answer("tok_1", "k") == row);
  CHECK_FALSE(reader->access().kept_answer("tok_2", "k"));
  CHECK_FALSE(store->write({.changes = changes, .answers = [&](StoreReader&) {
                              return std::vector{KeptAnswerRow{"tok_1", "k2", "f", {}, 200, "", ""}};
                            }}));  // the run collides
  CHECK_FALSE(reader->access().kept_answer("tok_1", "k2"));
}

TEST_CASE("what has had its day is swept, a bounded number at a time") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  std::vector<AccessRow> rows;
  for (int i = 0; i < limits::swept_at_a_time + 5; ++i) {
    rows.emplace_back(KeptAnswerRow{"t", std::to_string(i), "f", WallTime{i}, 200, "", ""});
  }
  const WallTime young{Duration{limits::idempotency_life}.count() * 2};
  rows.emplace_back(KeptAnswerRow{"t", "young", "f", young, 200, "", ""});
  REQUIRE(store->write({.access = rows}));
  CHECK(store->sweep(young) == limits::swept_at_a_time);
  CHECK(store->sweep(young) == 5);
  CHECK(store->sweep(young) == 0);
  CHECK(reader->access().kept_answer("t", "young"));
}

TEST_CASE("the audit log says who changed what, from what to what, in order") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  write_two(*store);
  const auto rows = reader->access().audit_rows("", 0, 10);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].who == "ben");
  CHECK(rows[0].changes ==
        R"([{"object":"pool","key":{"name":"p"},"before":{"slots":1},"after":{"slots":2}}])");
  CHECK(rows[1].changes ==
        R"([{"object":"pool","key":{"name":"p"},"before":null,)"
        R"("after":{"slots":1,"description":"","removed":false}}])");
  CHECK(reader->access().audit_rows("anna", 0, 10).size() == 1);
  CHECK(reader->access().audit_rows("", 2, 10).size() == 1);
  const AuditVerdict verdict = reader->access().verify_audit(0, 100);
  CHECK(verdict.broken_at == 0);
  CHECK(verdict.checked == 2);
  CHECK(verdict.last_hash == rows[0].hash);
}

TEST_CASE("the chain goes on after a new start and after an undone transaction") {
  const Folder folder;
  {
    const auto store = open_store(folder);
    write_two(*store);
    const std::vector<Change> collides = {PoolRow{"q", 1, "", false, 1}, PoolRow{"p", 2, "", false, 9}};
    const std::vector<Audited> audits = {audited("anna", 0, 2)};
    CHECK_FALSE(store->write({.changes = collides, .audits = audits}));
  }
  const auto store = open_store(folder);
  const std::vector<Change> more = {PoolRow{"p", 3, "", false, 3}};
  const std::vector<Audited> audits = {audited("anna", 0, 1)};
  REQUIRE(store->write({.changes = more, .audits = audits}));
  const auto reader = open_reader(folder);
  const AuditVerdict verdict = reader->access().verify_audit(1, 2);
  CHECK(verdict.broken_at == 0);
  CHECK(verdict.more);
  const AuditVerdict rest = reader->access().verify_audit(verdict.last_id + 1, 2);
  CHECK(rest.broken_at == 0);
  CHECK(rest.checked == 1);
  CHECK_FALSE(rest.more);
}

TEST_CASE("a row that was changed, removed or cut off breaks the chain at its place") {
  const Folder folder;
  const auto store = open_store(folder);
  write_two(*store);
  const auto reader = open_reader(folder);
  sqlite::Connection other(folder.database().string(), sqlite::Mode::read_write_create);
  CHECK_THROWS_AS(other.exec("UPDATE audit_log SET who = 'nobody' WHERE id = 1"), sqlite::Failure);
  CHECK_THROWS_AS(other.exec("DELETE FROM audit_log"), sqlite::Failure);
  other.exec("DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete");
  const auto broken_at = [&] { return reader->access().verify_audit(0, 100).broken_at; };
  other.exec("UPDATE audit_log SET who = 'nobody' WHERE id = 1");
  CHECK(broken_at() == 1);
  other.exec("UPDATE audit_log SET who = 'anna' WHERE id = 1");
  CHECK(broken_at() == 0);
  other.exec("UPDATE audit_log SET id = 9 WHERE id = 2");
  CHECK(broken_at() == 2);
  other.exec("DELETE FROM audit_log WHERE id = 9");
  CHECK(broken_at() == 2);
}

TEST_CASE("values under secret names never reach the record") {
  CHECK(secret_name("password"));
  CHECK(secret_name("DB_PASSWORD"));
  CHECK(secret_name("api-key"));
  CHECK(secret_name("github_token"));
  CHECK_FALSE(secret_name("tokens_per_s"));
  CHECK(masked(R"({"a":[{"client_secret":"s3cr3t"}],"b":1})") == R"({"a":[{"client_secret":"***"}],"b":1})");
  CHECK(masked("plain {text") == "plain {text");
  const Folder folder;
  const auto store = open_store(folder);
  RunRow run = plain_run(1);
  run.params = R"({"window":7,"password":"hunter2"})";
  const std::vector<Change> changes = {run};
  const std::vector<Audited> audits = {audited("anna", 0, 1)};
  REQUIRE(store->write({.changes = changes, .audits = audits}));
  const auto rows = open_reader(folder)->access().audit_rows("", 0, 10);
  CHECK(rows.at(0).changes.find("hunter2") == std::string::npos);
  CHECK(rows.at(0).changes.find("window") != std::string::npos);
}

TEST_CASE("a request that touches thousands of rows is recorded in a bounded place") {
  const Folder folder;
  const auto store = open_store(folder);
  std::vector<Change> changes;
  for (int i = 0; i < 1'000; ++i) changes.emplace_back(PoolRow{"p" + std::to_string(i), 1, "", false, 1});
  const std::vector<Audited> audits = {audited("anna", 0, changes.size())};
  REQUIRE(store->write({.changes = changes, .audits = audits}));
  const auto rows = open_reader(folder)->access().audit_rows("", 0, 10);
  CHECK(rows.at(0).changes.size() < 8'000);
  CHECK(rows.at(0).changes.ends_with(R"({"left_out":980}])"));
}

}  // namespace millrace::test
