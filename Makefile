# The commands a person types. CMake does the work.

.PHONY: build run test web dev asan tsan clang fuzz bench crash soak oracle coverage sim sim-canary schema \
        bench-web journeys pictures tidy clean

configure = cmake --preset $(1) >build/$(1).log || { cat build/$(1).log; exit 1; }

## build: the release build alone: build/release/millrace
build:
	@tools/setup build
	@mkdir -p build
	@$(call configure,release)
	@cmake --build build/release --target millrace millrace-runner millrace-data
	@echo "built build/release/millrace"

## run: sets up what is missing, builds, serves on 127.0.0.1:8080 and backfills examples/flights
run:
	@tools/setup all
	@$(MAKE) --no-print-directory build
	@tools/run_example.py

## test: sets up what is missing, builds, runs every test
test:
	@tools/setup test
	@mkdir -p build
	@$(call configure,release)
	@cmake --build build/release
	@ctest --test-dir build/release --output-on-failure --parallel 2

## web: the pages of web/ as they are, over the daemon of URL= with the token of DATA=: for who works on them
web:
	@tools/setup build
	@cd web && MILLRACE_URL=$(or $(URL),http://127.0.0.1:8080) \
	  MILLRACE_TOKEN=$$(cat $(abspath $(or $(DATA),.millrace))/admin.token) \
	  ../tools/node node_modules/vite/bin/vite.js

## dev asan tsan: the tests of another build
dev asan tsan:
	@tools/setup test
	@mkdir -p build
	@$(call configure,$@)
	@cmake --build build/$@
	@ctest --test-dir build/$@ --output-on-failure --parallel 2

## clang: a second compiler's opinion (clang++-19)
clang:
	@tools/setup clang
	@mkdir -p build
	@$(call configure,$@)
	@cmake --build build/$@

## fuzz: every target of tests/fuzz for SECONDS (60), with executions and edges; or TARGETS="cron json"
fuzz:
	@tools/setup fuzz
	@mkdir -p build
	@$(call configure,$@)
	@cmake --build build/$@ --target fuzzers
	@tests/fuzz/run.py --seconds $(or $(SECONDS),60) $(TARGETS)

## crash: dies at every named point of the programs, and again in recovery
crash: build
	@tests/faults/crash_points.py

## soak: kill -9 at random moments, then at each system call; for hours
soak: build
	@tests/faults/soak.py
	@tests/faults/syscalls.py

## oracle: schedules against the slow reference, for long: make oracle CRONS=10000000 HISTORIES=5000 SEED=2
CRONS ?= 1000000
HISTORIES ?= 2000
oracle:
	@tools/setup build
	@mkdir -p build
	@$(call configure,release)
	@cmake --build build/release --target dags_test scheduler_test
	@MILLRACE_ORACLE_CRONS=$(CRONS) MILLRACE_ORACLE_SEED=$(or $(SEED),1) build/release/dags_test "oracle: crons*"
	@MILLRACE_MATCHING_SEEDS=$(HISTORIES) build/release/scheduler_test "every due time*,a schedule that changes*"

## sim: plays histories full of faults (docs/testing.md): SEEDS= FROM= SECONDS=, or one SEED= with its trace
sim:
	@tools/setup build
	@mkdir -p build
	@$(call configure,release)
	@cmake --build build/release --target millrace_sim
	@build/release/millrace_sim $(if $(SEED),--seed $(SEED),--from $(or $(FROM),1) --seeds $(or $(SEEDS),100)) \
	  $(if $(SECONDS),--seconds $(SECONDS))

## sim-canary: puts known bugs into the product, one after the other, and has the simulator find them
sim-canary:
	@tools/setup build
	@mkdir -p build
	@$(call configure,release)
	@cmake --build build/release --target millrace_sim_canary
	@build/release/millrace_sim_canary --canaries

## coverage: the branches of dags/ and scheduler/ that their own tests take, and those that none takes
coverage:
	@tools/setup fuzz
	@mkdir -p build
	@$(call configure,$@)
	@cmake --build build/$@ --target dags_test scheduler_parts_test scheduler_test
	@tools/coverage.py build/$@

## bench: the short set of docs/performance.md; figures as JSON in build/bench
bench: build
	@cmake --build build/release --target bench_programs
	@mkdir -p build/bench
	@python3 bench/noop.py --tasks 3000 --repeat 3 --json build/bench/noop.json
	@python3 bench/idle.py --seconds 35 --json build/bench/idle.json
	@python3 bench/start.py --instances 100000 --repeat 3 --json build/bench/start.json
	@python3 bench/backfill_scale.py --runs 1000 --json build/bench/backfill_scale.json
	@python3 bench/nginx.py --seconds 2 --repeat 3 --json build/bench/nginx.json

## bench-web: frames of the grid and the graph, the log of 100 MB, from event to pixel, in a real browser
bench-web: build
	@tools/setup test
	@cd web && ../tools/node bench/grid.mjs && ../tools/node bench/graph.mjs && ../tools/node bench/log.mjs && \
	  ../tools/node bench/event.mjs

## journeys: walks the pages in a real browser over the daemon of this tree; ONLY="run phone" for some
journeys: build
	@tools/setup test
	@cd web && ../tools/node node_modules/@playwright/test/cli.js test $(ONLY)

## schema: the JSON Schema of the DAG language
schema: build
	@build/release/millrace schema

## pictures: each page in both themes beside its kept picture; UPDATE=1 keeps new ones, RECORD=1 answers, too
draw = ../tools/node node_modules/@playwright/test/cli.js test -c pictures/playwright.config.ts
pictures: build
	@tools/setup test
	@$(if $(RECORD),cd web && MILLRACE_RECORD=1 $(draw) record.spec)
	@cd web && $(draw) pictures.spec $(if $(UPDATE)$(RECORD),--update-snapshots)

tidy:
	@tools/tidy.py

## clean: removes what was built; keeps .venv, the data and .millrace
clean:
	rm -rf build
