#include <catch2/catch.hpp>
#include <string>

#include "dags/parser.h"

using namespace millrace;

namespace {

std::string problems(const std::string& task, const Capacity& capacity) {
  const ParseResult result = parse_dag("dag_id: d\ntasks:\n  a: {command: [x], " + task + "}\n");
  INFO(render(result.diagnostics, "d.yaml", task));
  REQUIRE(result.dag);
  std::string out;
  for (const Diagnostic& found : check_capacity(*result.dag, capacity).entries)
    out += found.message + (found.hint.empty() ? "" : " | " + found.hint) + "\n";
  return out;
}

const Capacity laptop{{{"cpu", 8}, {"etl", 2}}, 0, 8'000, 16ll << 30};
const Capacity server{{{"cpu", 32}, {"gpu", 4}}, 4, 64'000, 256ll << 30};

}  // namespace

TEST_CASE("what fits is silent") {
  CHECK(problems("pool: etl, pool_slots: 2, resources: {cpu: 8, memory: 16GiB}", laptop) == "");
  CHECK(problems("resources: {gpu: 4}", server) == "");
}

TEST_CASE("a pool that doesn't exist is suggested, one that is too small is said") {
  CHECK(problems("pool: etk", laptop) ==
        "task 'a' wants the pool 'etk', which doesn't exist | did you mean 'etl'?\n");
  CHECK(problems("pool: etl, pool_slots: 3", laptop) ==
        "task 'a' takes 3 slots of the pool 'etl', which has 2\n");
}

TEST_CASE("more GPUs than there are can never start") {
  CHECK(problems("resources: {gpu: 5}", server) == "task 'a' asks for 5 GPUs; there are 4\n");
  CHECK(problems("resources: {gpu: 1}", laptop) ==
        "task 'a' asks for 1 GPU; there are 0 | gpu_optional: true lets it run on the CPU\n");
}

TEST_CASE("an optional GPU falls back to the CPU pool") {
  CHECK(problems("resources: {gpu: 1, gpu_optional: true}", laptop) == "");
  CHECK(problems("resources: {gpu: 8, gpu_optional: true}", server) != "");
}

TEST_CASE("more CPU or memory than the machine has can never start") {
  CHECK(problems("resources: {cpu: 8.5, memory: 17GiB}", laptop) ==
        "task 'a' asks for 8.5 CPUs; there are 8.0\n"
        "task 'a' asks for 17408 MiB of memory; there are 16384 MiB\n");
}

TEST_CASE("an optional GPU keeps the pool that its task names, and that pool has to be there") {
  CHECK(problems("pool: etl, resources: {gpu: 1, gpu_optional: true}", laptop) == "");
  CHECK(problems("pool: fast, resources: {gpu: 1, gpu_optional: true}", laptop) ==
        "task 'a' wants the pool 'fast', which doesn't exist | there are: cpu, etl\n");
  CHECK(problems("pool: gpuu, resources: {gpu: 1}", server) ==
        "task 'a' wants the pool 'gpuu', which doesn't exist | did you mean 'gpu'?\n");
}

TEST_CASE("a machine that says nothing of its CPUs and memory refuses nobody") {
  const Capacity unknown{{{"cpu", 8}, {"gpu", 1}}, 1, 0, 0};
  CHECK(problems("resources: {cpu: 1000, memory: 1000GiB}", unknown) == "");
  CHECK(problems("resources: {gpu: 2}", unknown) == "task 'a' asks for 2 GPUs; there is 1\n");
}
