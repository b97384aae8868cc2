#include "cli/dispatch.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "cli/completion.h"

namespace millrace::cli {

CLI::App* add_command(CLI::App& parent, Dispatch& d, const std::string& name, const std::string& what,
                      std::function<int(Context&)> work) {
  CLI::App* app = parent.add_subcommand(name, what);
  app->callback([&d, work = std::move(work)] { d.action = work; });
  return app;
}

void add_page_options(CLI::App& app, ListOptions& made) {
  app.add_option("--limit", made.limit, "how many at most")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--offset", made.offset, "how many to leave out first")->check(CLI::NonNegativeNumber);
}

void add_run_arguments(CLI::App& app, std::string& dag_id, std::string& run_id) {
  app.add_option("DAG", dag_id, "the DAG's id")->required();
  app.add_option("RUN", run_id, "the run's id, or its execution date, in the DAG's zone")->required();
}

void add_task_arguments(CLI::App& app, OneTask& task) {
  add_run_arguments(app, task.dag_id, task.run_id);
  app.add_option("TASK", task.task_id, "the task's id")->required();
  app.add_option("--map-index", task.map_index, "which instance of a mapped task");
}

CLI::App* group(CLI::App& app, const std::string& name, const std::string& what) {
  CLI::App* made = app.add_subcommand(name, what);
  made->require_subcommand(1);
  return made;
}

namespace {

using Names = std::vector<std::string>;

void add_serve(CLI::App& app, Dispatch& d) {
  CLI::App* serve = app.add_subcommand("serve", "run the daemon");
  ServeOptions& o = d.serve_options;
  serve->add_option("--dags", o.dags_dir, "folder of DAG files, watched")->capture_default_str();
  serve->add_option("--listen", o.listen, "HOST:PORT")->capture_default_str();
  serve->add_option("--config", o.config_file, "millrace.yaml");
  serve->add_option("--log-level", o.log_level)->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  serve->add_option("--allowed-host", o.allowed_hosts,
                    "another Host that is this daemon: flows.example:8080");
  serve->add_flag("--behind-proxy", o.behind_proxy,
                  "a proxy in front ends TLS: any address may be listened on");
  serve->footer("Example:\n  millrace serve --data ./.millrace --dags ./dags --listen 127.0.0.1:8080");
  serve->callback([&d, serve, &app] {
    for (const char* name :
         {"--dags", "--listen", "--config", "--log-level", "--allowed-host", "--behind-proxy"}) {
      if (serve->count(name) != 0) d.serve_options.given.emplace_back(std::string(name).substr(2));
    }
    if (app.count("--data") != 0) d.serve_options.given.emplace_back("data");
    d.action = [&d](Context& context) {
      d.serve_options.data_dir = context.data_dir;
      return d.programs.serve(d.serve_options);
    };
  });
}

}  // namespace

void add_daemon_commands(CLI::App& app, Dispatch& d) {
  add_serve(app, d);
  const auto how = std::make_shared<StatusOptions>();
  command<StatusOptions>(app, d, "status", "how the daemon is", how, status)
      ->add_flag("--timing", how->timing, "where a task's time goes, since the daemon's start");
  app.add_subcommand("version", "this program's version")->callback([&d] { d.action = version; });
  app.add_subcommand("devices", "GPUs and who holds them")->callback([&d] { d.action = devices; });
  app.add_subcommand("schema", "the JSON Schema of DAG files")->callback([&d] {
    d.action = [](Context&) { return schema(); };
  });
  const auto shell = std::make_shared<Named>();
  CLI::App* completion = command<Named>(app, d, "completion", "a shell's completion script", shell,
                                        [](Context&, const Named& named) {
                                          print(completion_script(named.name));
                                          return ok;
                                        });
  completion->add_option("SHELL", shell->name)->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer("Example:\n  source <(millrace completion bash)");
  for (const bool check : {true, false}) {
    const auto files = std::make_shared<Names>();
    CLI::App* made =
        command<Names>(app, d, check ? "validate" : "submit",
                       check ? "check DAG files, without a daemon" : "check DAG files and put them in force",
                       files, check ? validate : submit);
    made->add_option("FILE", *files, "DAG files; - is standard input")->required();
    made->footer(check ? "Example:\n  millrace validate dags/*.yaml"
                       : "Example:\n  millrace submit etl.yaml");
  }
}

void add_dag_commands(CLI::App& app, Dispatch& d) {
  CLI::App* dags = group(app, "dags", "DAGs: list, show, pause, unpause, delete, versions, diff, preview");
  const auto options = std::make_shared<DagsOptions>();
  CLI::App* list = command<DagsOptions>(*dags, d, "list", "all DAGs", options, dags_list);
  list->add_option("--pattern", options->pattern, "part of the id, or SQL's LIKE with % and _");
  list->add_option("--tag", options->tags, "only with one of these tags");
  add_page(*list, options);
  const std::pair<const char*, const char*> each[] = {{"show", "one DAG and its tasks"},
                                                      {"pause", "no new scheduled runs"},
                                                      {"unpause", "back on its schedule"},
                                                      {"delete", "remove it; its runs stay"}};
  for (const auto& [name, what] : each) {
    const auto one = std::make_shared<Named>();
    const std::string verb = name;
    command<Named>(*dags, d, name, what, one,
                   [verb](Context& context, const Named& dag) {
                     if (verb == "show") return dags_show(context, dag.name);
                     if (verb == "delete") return dags_delete(context, dag.name);
                     return dags_pause(context, dag.name, verb == "pause");
                   })
        ->add_option("DAG", one->name, "the DAG's id")
        ->required();
  }
}

void add_run_commands(CLI::App& app, Dispatch& d) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* start = command<RunOptions>(
      app, d, "run", "start a run of a DAG", options, [&d](Context& context, const RunOptions& o) {
        if (o.local && d.programs.local) return run_local(context, o, d.programs.local);
        return run(context, o);
      });
  start->add_option("DAG", options->dag_id, "the DAG's id; with --local its file")->required();
  start->add_option("--date", options->date,
                    "execution date: 2001-01-05 or 2001-01-05T06:00 in the DAG's zone, or with an offset: "
                    "2001-01-05T06:00:00Z (default: now)");
  start->add_option("--param", options->params, "k=v; the value as JSON if it is JSON, else as text");
  start->add_option("--run-id", options->run_id, "its id (default: made from the date)");
  start->add_option("--note", options->note);
  start->add_flag("--wait", options->wait, "until it ends; the exit code tells how");
  start->add_flag("--follow", options->follow, "wait, and print each task's moves");
  CLI::Option* local = start->add_flag(
      "--local", options->local, "run this file once, here, without a daemon; prints the logs of its tasks");
  start->add_flag("--keep", options->keep, "with --local: keep its data folder")->needs(local);
  start->add_option("--config", options->config_file, "with --local: millrace.yaml")->needs(local);
  start->footer(
      "Examples:\n  millrace run etl --date 2001-01-05 --param window=7 --wait\n"
      "  millrace run --local dags/etl.yaml --date 2001-01-05");

  CLI::App* runs = group(app, "runs", "runs: list, show, wait, cancel, clear, delete");
  const auto filter = std::make_shared<RunsOptions>();
  CLI::App* list = command<RunsOptions>(*runs, d, "list", "newest first", filter, runs_list);
  list->add_option("DAG", filter->dag_id, "only of this DAG");
  list->add_option("--state", filter->states, "queued, running, success, failed");
  list->add_option("--backfill", filter->backfill, "only of this backfill");
  add_page(*list, filter);
  const auto shown = std::make_shared<OneRun>();
  add_run_arguments(*command<OneRun>(*runs, d, "show", "one run and its tasks", shown, runs_show),
                    shown->dag_id, shown->run_id);
  const auto cancelled = std::make_shared<OneRun>();
  add_run_arguments(*command<OneRun>(*runs, d, "cancel", "end its tasks", cancelled, runs_cancel),
                    cancelled->dag_id, cancelled->run_id);
  struct Clear {
    OneRun run;
    bool only_failed = false, latest = false;
  };
  const auto cleared = std::make_shared<Clear>();
  CLI::App* clear = command<Clear>(
      *runs, d, "clear", "run its tasks again", cleared,
      [](Context& context, const Clear& c) { return runs_clear(context, c.run, c.only_failed, c.latest); });
  add_run_arguments(*clear, cleared->run.dag_id, cleared->run.run_id);
  clear->add_flag("--only-failed", cleared->only_failed, "leave what succeeded");
  clear->add_flag("--latest-version", cleared->latest, "with the DAG as it is now");
}

void add_task_commands(CLI::App& app, Dispatch& d) {
  CLI::App* tasks = group(app, "tasks", "tasks of a run: list, log, search, explain, clear, mark");
  const auto filter = std::make_shared<TasksOptions>();
  CLI::App* list = command<TasksOptions>(*tasks, d, "list", "the tasks of a run", filter, tasks_list);
  add_run_arguments(*list, filter->run.dag_id, filter->run.run_id);
  list->add_option("--state", filter->states);
  add_page(*list, filter);

  struct Log {
    OneTask task;
    int try_number = 0;
    bool follow = false;
  };
  const auto log = std::make_shared<Log>();
  CLI::App* logs = command<Log>(*tasks, d, "log", "a try's log", log, [](Context& context, const Log& l) {
    return tasks_log(context, l.task, l.try_number, l.follow);
  });
  add_task_arguments(*logs, log->task);
  logs->add_option("--try", log->try_number, "which try (default: the newest)");
  logs->add_flag("-f,--follow", log->follow, "go on until the try ends");

  const auto explained = std::make_shared<OneTask>();
  add_task_arguments(
      *command<OneTask>(*tasks, d, "explain", "why it isn't running", explained, tasks_explain), *explained);

  const auto cleared = std::make_shared<ClearOptions>();
  CLI::App* clear = command<ClearOptions>(*tasks, d, "clear", "run it again", cleared, tasks_clear);
  add_task_arguments(*clear, cleared->task);
  clear->add_flag("--upstream", cleared->upstream, "and all before it");
  clear->add_flag("--downstream", cleared->downstream, "and all after it");
  clear->add_flag("--only-failed", cleared->only_failed, "leave what succeeded");
  clear->add_flag("--dry-run", cleared->dry_run, "only show what would be cleared");

  struct Mark {
    OneTask task;
    std::string state, note;
  };
  const auto marked = std::make_shared<Mark>();
  CLI::App* mark = command<Mark>(
      *tasks, d, "mark", "set its state by hand", marked,
      [](Context& context, const Mark& m) { return tasks_mark(context, m.task, m.state, m.note); });
  add_task_arguments(*mark, marked->task);
  mark->add_option("STATE", marked->state)
      ->required()
      ->check(CLI::IsMember({"success", "failed", "skipped"}));
  mark->add_option("--note", marked->note, "why");
}

namespace {

void add_backfill_create(CLI::App& backfill, Dispatch& d) {
  const auto o = std::make_shared<BackfillOptions>();
  CLI::App* create =
      command<BackfillOptions>(backfill, d, "create", "run a DAG for past dates", o, backfill_create);
  create->add_option("DAG", o->dag_id, "the DAG's id")->required();
  create->add_option("--dates", o->range, "A..B, both included; without an offset in the DAG's zone");
  create->add_option("--from", o->from, "first execution date");
  create->add_option("--to", o->to, "last execution date");
  create->add_option("--date", o->dates, "exactly these dates");
  create
      ->add_option("--reprocess", o->reprocess,
                   "dates that have a run: leave them, repeat the failed, repeat all")
      ->check(CLI::IsMember({"none", "failed", "completed"}))
      ->capture_default_str();
  create->add_option("--max-active-runs", o->max_active_runs)
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  create->add_flag("--backwards", o->backwards, "newest date first");
  create->add_option("--task", o->tasks, "only these tasks");
  create->add_flag("--upstream", o->upstream, "and all before them");
  create->add_flag("--downstream", o->downstream, "and all after them");
  create->add_option("--param", o->params, "k=v, for every run");
  create->add_flag("--pinned", o->pinned, "repeated runs keep the DAG version they had");
  create->add_option("--pool", o->pool, "use this pool");
  create->add_option("--priority", o->priority, "added to each task's");
  create->add_option("--description", o->description);
  create->add_flag("--cascade", o->cascade, "carry on into the DAGs that read what this one makes");
  create->add_flag("--dry-run", o->dry_run, "only show what would happen");
  create->add_flag("-y,--yes", o->yes, "don't ask");
  create->add_flag("--wait", o->wait, "until it ends; the exit code tells how");
  create->footer(
      "Example:\n  millrace backfill create flights_ingest --dates 2001-01-01..2001-01-31 --yes --wait");
}

}  // namespace

void add_backfill_commands(CLI::App& app, Dispatch& d) {
  CLI::App* backfill = group(app, "backfill", "backfills: create, list, show, pause, unpause, cancel, retry");
  add_backfill_create(*backfill, d);
  struct List : ListOptions {
    std::string dag_id;
  };
  const auto listed = std::make_shared<List>();
  CLI::App* list =
      command<List>(*backfill, d, "list", "all backfills", listed,
                    [](Context& context, const List& l) { return backfill_list(context, l.dag_id, l); });
  list->add_option("DAG", listed->dag_id, "only of this DAG");
  add_page(*list, listed);

  struct One {
    std::string id;
    bool flag = false;
  };
  const auto add_one = [&](const std::string& name, const std::string& what, const std::string& flag,
                           const std::string& flag_text, int (*work)(Context&, const std::string&, bool)) {
    const auto one = std::make_shared<One>();
    CLI::App* made = command<One>(*backfill, d, name, what, one, [work](Context& context, const One& b) {
      return work(context, b.id, b.flag);
    });
    made->add_option("ID", one->id, "the backfill's number")->required();
    if (!flag.empty()) made->add_flag(flag, one->flag, flag_text);
  };
  struct Shown : BackfillShown {
    std::string id;
  };
  const auto shown = std::make_shared<Shown>();
  CLI::App* show =
      command<Shown>(*backfill, d, "show", "one backfill and why dates failed", shown,
                     [](Context& context, const Shown& s) { return backfill_show(context, s.id, s); });
  show->add_option("ID", shown->id, "the backfill's number")->required();
  show->add_flag("--items", shown->items, "and each date");
  show->add_flag("--matrix", shown->matrix, "and a letter a date, in lines of a month or a day");
  add_one("pause", "start no more runs", "", "",
          [](Context& c, const std::string& id, bool) { return backfill_pause(c, id, true); });
  add_one("unpause", "go on", "", "",
          [](Context& c, const std::string& id, bool) { return backfill_pause(c, id, false); });
  add_one("cancel", "start no more runs, let running ones end", "--terminate", "end running ones too",
          backfill_cancel);
  add_one("retry", "run its failed dates again", "", "",
          [](Context& c, const std::string& id, bool) { return backfill_retry(c, id); });
}

void add_dataset_commands(CLI::App& app, Dispatch& d) {
  CLI::App* datasets = group(app, "datasets", "datasets: list, show, versions, partitions, events");
  const auto list = std::make_shared<DatasetsOptions>();
  CLI::App* all = command<DatasetsOptions>(*datasets, d, "list", "all datasets and their newest version",
                                           list, datasets_list);
  all->add_option("PATTERN", list->pattern, "part of the name; % and _ as in SQL's LIKE");
  add_page(*all, list);
  const auto named = std::make_shared<Named>();
  command<Named>(*datasets, d, "show", "one dataset: who makes it, who reads it, what it holds", named,
                 [](Context& context, const Named& one) { return datasets_show(context, one.name); })
      ->add_option("DATASET", named->name)
      ->required();
  const auto versions = std::make_shared<VersionsOptions>();
  CLI::App* written = command<VersionsOptions>(*datasets, d, "versions", "what was written, newest first",
                                               versions, datasets_versions);
  written->add_option("DATASET", versions->dataset)->required();
  written->add_option("--partition", versions->partition, "of this date, as its DAG has it");
  written->add_option("--version", versions->version, "of this content: b3:… or the beginning of it");
  add_page(*written, versions);
  const auto parts = std::make_shared<VersionsOptions>();
  CLI::App* partitions = command<VersionsOptions>(
      *datasets, d, "partitions", "each partition and what it holds now", parts, datasets_partitions);
  partitions->add_option("DATASET", parts->dataset)->required();
  add_page(*partitions, parts);
  const auto from = std::make_shared<LineageOptions>();
  CLI::App* traced = command<LineageOptions>(
      app, d, "lineage", "where data comes from and what was made of it", from, lineage);
  traced
      ->add_option("NODE", from->node,
                   "dataset:NAME, dataset:NAME@b3:…, task:DAG/TASK, dag:DAG or run:DAG/RUN_ID")
      ->required();
  traced->add_option("--depth", from->depth, "steps away from it")
      ->check(CLI::Range(0, 20))
      ->capture_default_str();
  traced->add_flag("--up", from->upstream, "where it comes from");
  traced->add_flag("--down", from->downstream, "what was made of it");
}

void add_pool_commands(CLI::App& app, Dispatch& d) {
  CLI::App* pools = group(app, "pools", "pools: list, set, delete");
  pools->add_subcommand("list", "all pools and their use")->callback([&d] { d.action = pools_list; });
  struct Set {
    std::string name, description;
    int slots = 0;
  };
  const auto set = std::make_shared<Set>();
  CLI::App* make = command<Set>(
      *pools, d, "set", "make a pool or change it", set,
      [](Context& context, const Set& s) { return pools_set(context, s.name, s.slots, s.description); });
  make->add_option("POOL", set->name)->required();
  make->add_option("SLOTS", set->slots)->required()->check(CLI::NonNegativeNumber);
  make->add_option("--description", set->description);
  const auto gone = std::make_shared<Named>();
  command<Named>(*pools, d, "delete", "remove a pool", gone,
                 [](Context& context, const Named& pool) { return pools_delete(context, pool.name); })
      ->add_option("POOL", gone->name)
      ->required();
}

void add_access_commands(CLI::App& app, Dispatch& d) {
  const auto link = std::make_shared<bool>(false);
  CLI::App* open = app.add_subcommand("open", "log the browser in");
  open->add_flag("--print", *link, "only print the link");
  open->callback([&d, link] {
    d.action = [link](Context& context) { return open_browser(context, *link); };
  });

  CLI::App* tokens = group(app, "tokens", "tokens: create, list, revoke");
  const auto made = std::make_shared<TokenOptions>();
  CLI::App* create = command<TokenOptions>(*tokens, d, "create", "make a token; prints its secret, once",
                                           made, tokens_create);
  create->add_option("NAME", made->name, "who or what will use it")->required();
  create->add_option("--role", made->role, "what it may do")
      ->check(CLI::IsMember({"viewer", "operator", "author", "admin"}))
      ->capture_default_str();
  create->add_option("--dag", made->dags, "only DAGs that fit this pattern: 'flights_*'");
  create->add_option("--expires", made->expires, "30d, 12h, 45m or 90s from now (default: never)");
  create->footer("Example:\n  millrace tokens create ci --role operator --dag 'flights_*' --expires 90d");
  const auto page = std::make_shared<ListOptions>();
  add_page(*command<ListOptions>(*tokens, d, "list", "all tokens", page, tokens_list), page);
  const auto gone = std::make_shared<Named>();
  command<Named>(*tokens, d, "revoke", "end a token and who logged in with it", gone,
                 [](Context& context, const Named& token) { return tokens_revoke(context, token.name); })
      ->add_option("TOKEN", gone->name, "its name or id")
      ->required();

  CLI::App* audit = group(app, "audit", "who changed what: list, verify");
  const auto options = std::make_shared<AuditOptions>();
  CLI::App* list = command<AuditOptions>(*audit, d, "list", "newest first", options, audit_list);
  list->add_option("--limit", options->limit, "how many at most")->check(CLI::Range(1, 1000));
  list->add_option("--who", options->who, "only of this token");
  audit->add_subcommand("verify", "follow its hash chain from the first row")->callback([&d] {
    d.action = audit_verify;
  });
}

}  // namespace millrace::cli

namespace millrace {
namespace {

std::string environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

}  // namespace

int run_cli(int argc, char** argv, const Programs& programs) {
  cli::Dispatch d;
  d.programs = programs;
  cli::Context& context = d.context;
  context.url = environment("MILLRACE_URL", "http://127.0.0.1:8080");
  context.token = environment("MILLRACE_TOKEN", "");
  const char* no_color = std::getenv("NO_COLOR");
  context.progress = ::isatty(STDERR_FILENO) != 0;
  context.color = ::isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0');

  CLI::App app{"Millrace runs DAGs of tasks on schedules, on data and on demand, and fills in the past.",
               "millrace"};
  app.require_subcommand(1);
  app.fallthrough();  // --json and the like may stand after the command too
  app.add_flag("--json", context.json, "print the API's JSON");
  app.add_option("--url", context.url, "the daemon (MILLRACE_URL)")->capture_default_str();
  app.add_option("--token", context.token, "its token (MILLRACE_TOKEN; default: DATA/admin.token)");
  app.add_option("--data", context.data_dir, "the daemon's data folder")->capture_default_str();
  app.set_version_flag("--version", std::string("millrace ") + MILLRACE_VERSION);
  app.footer(
      "Exit codes: 0 done, 1 refused or failed, 2 bad arguments, 3 no daemon answers, 4 no such thing.");
  cli::add_daemon_commands(app, d);
  cli::add_dag_commands(app, d);
  cli::add_run_commands(app, d);
  cli::add_task_commands(app, d);
  cli::add_backfill_commands(app, d);
  cli::add_dataset_commands(app, d);
  cli::add_pool_commands(app, d);
  cli::add_access_commands(app, d);
  cli::add_folder_commands(app, d);
  cli::add_record_commands(app, d);
  if (argc > 1 && std::string_view(argv[1]) == "__complete") {
    for (const std::string& word : cli::completions(app, context, {argv + 2, argv + argc}))
      cli::print(word + "\n");
    return cli::ok;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::ok : cli::usage;
  }
  if (!d.action) return cli::usage;
  try {
    return d.action(context);
  } catch (const std::exception& error) {
    cli::complain(std::string("millrace: ") + error.what());
    return cli::refused;
  }
}

}  // namespace millrace
