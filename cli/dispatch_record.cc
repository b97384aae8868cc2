#include <CLI/CLI.hpp>

#include "cli/dispatch.h"

namespace millrace::cli {
namespace {

void add_events(CLI::App& app, Dispatch& d) {
  const auto o = std::make_shared<EventsOptions>();
  CLI::App* all =
      command<EventsOptions>(app, d, "events", "what happened, newest first; or as it happens", o, events);
  all->add_option("--dag", o->dag_id, "only of this DAG");
  CLI::Option* run = all->add_option("--run", o->run_id, "only of the run with this id");
  CLI::Option* kind = all->add_option("--event", o->kind, "only of this kind: run, dag, backfill …");
  CLI::Option* follow = all->add_flag("-f,--follow", o->follow, "tell each as it happens, until Ctrl-C");
  all->add_option("--topics", o->topics, "dag:etl, run:etl/RUN, runs, tasks, capacity and others")
      ->needs(follow);
  all->add_option("--count", o->count, "end after so many")->check(CLI::PositiveNumber)->needs(follow);
  follow->excludes(run)->excludes(kind);
  add_page(*all, o);
  all->footer("Examples:\n  millrace events --dag etl --limit 20\n"
              "  millrace events --follow --topics runs,backfills --json");
  const auto waits = std::make_shared<ListOptions>();
  CLI::App* waiting = command<ListOptions>(
      app, d, "queue", "what waits, in the order of its start, and what for", waits, queue);
  waiting->add_option("--limit", waits->limit, "how many at most")->check(CLI::Range(1, 1000));
  add_command(app, d, "metrics", "the metrics in Prometheus' text form", metrics);
}

void add_versions(CLI::App& dags, Dispatch& d) {
  struct Versions : ListOptions {
    std::string dag_id;
    int from = 0, to = 0, count = 20;
  };
  const auto listed = std::make_shared<Versions>();
  CLI::App* list =
      command<Versions>(dags, d, "versions", "its versions, newest first", listed,
                        [](Context& c, const Versions& v) { return dags_versions(c, v.dag_id, v); });
  list->add_option("DAG", listed->dag_id, "the DAG's id")->required();
  add_page(*list, listed);
  const auto two = std::make_shared<Versions>();
  CLI::App* diff =
      command<Versions>(dags, d, "diff", "which tasks a version added, removed, changed or wired anew", two,
                        [](Context& c, const Versions& v) { return dags_diff(c, v.dag_id, v.from, v.to); });
  diff->add_option("DAG", two->dag_id, "the DAG's id")->required();
  diff->add_option("--from", two->from, "default: the one before")->check(CLI::PositiveNumber);
  diff->add_option("--to", two->to, "default: the newest")->check(CLI::PositiveNumber);
  diff->footer("Example:\n  millrace dags diff etl --from 3 --to 5");
  const auto next = std::make_shared<Versions>();
  CLI::App* preview =
      command<Versions>(dags, d, "preview", "the next runs of its schedule", next,
                        [](Context& c, const Versions& v) { return dags_preview(c, v.dag_id, v.count); });
  preview->add_option("DAG", next->dag_id, "the DAG's id")->required();
  preview->add_option("--count", next->count, "how many")->check(CLI::Range(1, 100))->capture_default_str();
}

void add_variables(CLI::App& app, Dispatch& d) {
  struct Variable {
    std::string key, value, description;
  };
  CLI::App* variables = group(app, "variables", "variables: list, get, set, delete");
  const auto page = std::make_shared<ListOptions>();
  add_page(*command<ListOptions>(*variables, d, "list", "all variables; secret ones are masked", page,
                                 variables_list),
           page);
  for (const bool get : {true, false}) {
    const auto one = std::make_shared<Named>();
    command<Named>(*variables, d, get ? "get" : "delete", get ? "print its value" : "remove it", one,
                   [get](Context& c, const Named& v) {
                     return get ? variables_get(c, v.name) : variables_delete(c, v.name);
                   })
        ->add_option("VARIABLE", one->name, "its key")
        ->required();
  }
  const auto set = std::make_shared<Variable>();
  CLI::App* make = command<Variable>(
      *variables, d, "set", "make a variable or change it", set,
      [](Context& c, const Variable& v) { return variables_set(c, v.key, v.value, v.description); });
  make->add_option("VARIABLE", set->key, "its key")->required();
  make->add_option("VALUE", set->value)->required();
  make->add_option("--description", set->description);
  make->footer("Example:\n  millrace variables set lookback_days 7");
}

void add_to_runs(CLI::App& runs, Dispatch& d) {
  struct Waited {
    OneRun run;
    bool follow = false;
  };
  const auto awaited = std::make_shared<Waited>();
  CLI::App* wait =
      command<Waited>(runs, d, "wait", "until it ends; the exit code tells how", awaited,
                      [](Context& c, const Waited& w) { return runs_wait(c, w.run, w.follow); });
  add_run_arguments(*wait, awaited->run.dag_id, awaited->run.run_id);
  wait->add_flag("--follow", awaited->follow, "print each task's moves");
  const auto gone = std::make_shared<OneRun>();
  add_run_arguments(*command<OneRun>(runs, d, "delete", "remove a run that has ended, its logs and outputs",
                                     gone, runs_delete),
                    gone->dag_id, gone->run_id);
}

void add_search(CLI::App& tasks, Dispatch& d) {
  const auto o = std::make_shared<SearchOptions>();
  CLI::App* search = command<SearchOptions>(tasks, d, "search", "lines of a try's log", o, tasks_search);
  add_task_arguments(*search, o->task);
  search->add_option("TEXT", o->text, "what they say");
  search->add_option("--level", o->level, "as bad as this, or worse")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  search->add_flag("-i,--ignore-case", o->ignore_case, "of ASCII");
  search->add_option("--try", o->try_number, "which try (default: the newest)");
  search->add_option("--limit", o->limit, "how many at most")->check(CLI::Range(1, 100'000));
  search->footer("Example:\n  millrace tasks search etl 2001-01-05 load timeout --level error");
}

}  // namespace

void add_record_commands(CLI::App& app, Dispatch& d) {
  add_events(app, d);
  add_variables(app, d);
  add_versions(*app.get_subcommand("dags"), d);
  add_to_runs(*app.get_subcommand("runs"), d);
  add_search(*app.get_subcommand("tasks"), d);
  const auto of = std::make_shared<VersionsOptions>();
  CLI::App* made = command<VersionsOptions>(*app.get_subcommand("datasets"), d, "events",
                                            "each partition made, and the runs that came of it", of,
                                            dataset_events);
  made->add_option("DATASET", of->dataset)->required();
  add_page(*made, of);
}

}  // namespace millrace::cli
