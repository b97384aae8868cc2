#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "dags/dag.h"
#include "dags/moment.h"
#include "dags/yaml_reader.h"

/// From a tree whose forms are checked to a Dag. What the form check refused is left at its default here
/// without a second word; what only meaning can tell is added to the diagnostics.
namespace millrace {

/// `to` runs after `from`. `place` is what says so.
struct Edge {
  TaskIndex from, to;
  Place place;
};

/// The keys of a task over those of `defaults`.
struct TaskSource {
  YamlNode own, defaults;
  YamlNode find(std::string_view key) const {
    const YamlNode node = own.find(key);
    return node ? node : defaults.find(key);
  }
};

/// What reading a task needs to know about the rest of the file.
struct DagDraft {
  Dag& dag;
  Diagnostics& out;
  YamlNode root;
  std::vector<TaskSource> sources{};  ///< one a task, in the order of `dag.tasks`
  std::vector<Edge> edges{};          ///< what the whole file says of order
  TemplateScope scope{};              ///< params and tasks; env, inputs and outputs change from task to task
  EnvList env{};                      ///< of the whole DAG
};

void read_dag(DagDraft&);

void read_task(DagDraft&, TaskIndex);
/// The one action among the task's keys; none or several are diagnostics.
void read_action(DagDraft&, TaskIndex);

Zone read_zone(YamlNode, const Zone& fallback, Diagnostics&);
/// A date or timestamp; without a zone of its own it is local time in `zone`.
std::optional<WallTime> read_moment(YamlNode, const Zone&, OfDay = OfDay::first);
Schedule read_schedule(YamlNode, const Zone&, std::optional<WallTime> start_date, Diagnostics&);

/// Where values come from that no file holds.
std::vector<Secret> read_secrets(YamlNode, Diagnostics&);
/// A variable can't be both.
void check_not_secret(YamlNode env, const std::vector<Secret>&, Diagnostics&);

std::vector<Param> read_params(YamlNode, Diagnostics&);
std::vector<Dataset> read_datasets(YamlNode, const TemplateScope&, Diagnostics&);

Notify read_notify(YamlNode, Diagnostics&);
/// Its own targets join those of `notify.on_late`.
std::optional<Deadline> read_deadline(YamlNode, Notify&, Diagnostics&);

/// Edges from `depends_on`, from datasets that one task writes and another reads, and from checks.
void read_edges(DagDraft&);
/// Fills the adjacency and the order, or says which tasks form a cycle.
void build_graph(DagDraft&);

/// The scalar as a template, with places as in the file also inside a block of text.
std::optional<Template> read_template(YamlNode, const TemplateScope&, Diagnostics&);
/// The same for a task: the tasks whose outputs it reads become edges.
std::optional<Template> read_task_template(DagDraft&, TaskIndex, YamlNode);

/// A whole number of days, for windows of daily partitions; anything else is a diagnostic and 1.
int read_window_days(YamlNode, Diagnostics&);

/// The texts of a list of scalars.
std::vector<std::string> read_texts(YamlNode);
inline std::string read_text(YamlNode node) { return std::string{node.text()}; }

}  // namespace millrace
