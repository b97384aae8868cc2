#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "dag_builder.h"
#include "world.h"

namespace millrace::test {

using Words = std::vector<std::string>;

inline TaskInstanceId find(const World& world, std::string_view task, RunId run = {1}) {
  for (const auto& [id, row] : world.ledger.task_instances)
    if (row.task_id == task && row.run == run) return id;
  FAIL("no task " << task);
  return {};
}

inline Explanation why(const World& world, std::string_view task, RunId run = {1}) {
  const auto out = world.scheduler->explain(find(world, task, run), world.now);
  REQUIRE(out.has_value());
  return *out;
}

/// The first gate that stops it.
inline const Gate& closed(const Explanation& e) {
  for (const Gate& gate : e.gates)
    if (!gate.ok) return gate;
  FAIL("nothing stops it");
  return e.gates.front();
}

inline Words kinds(const Explanation& e) {
  Words out;
  for (const Gate& gate : e.gates) out.push_back(gate.kind);
  return out;
}

inline void request(World& world, const char* date, const char* dag_id = "d") {
  world.send(RunRequested{{}, dag_id, {}, date_from(date), {}, "{}", "", "anna"});
}

/// A backfill of `d` over these days.
inline void backfill(World& world, const char* from, const char* to, int max_active_runs,
                     const char* dag_id = "d") {
  BackfillRequested fact;
  fact.spec.dag_id = dag_id;
  fact.spec.from_date = date_from(from);
  fact.spec.to_date = date_from(to);
  fact.spec.max_active_runs = max_active_runs;
  world.send(fact);
}

}  // namespace millrace::test
