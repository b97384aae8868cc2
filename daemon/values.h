#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "dags/template_values.h"
#include "scheduler/scheduler.h"
#include "store/store.h"

namespace millrace {

/// The standard values of an attempt's or a waiting sensor's run, but for its neighbours in time.
RunValues run_values(const AttemptContext&, std::string data_root);
/// The same for one partition of a dataset, as if its producer's run of that date asked.
RunValues partition_values(const Dag&, WallTime partition, std::string data_root);
/// Adds the dates before and after, and the last success: they cost a search and a query, so only who asks
/// pays.
void add_neighbours(RunValues&, const Dag&, Store&);
/// Whether the value of this name needs `add_neighbours`.
bool is_neighbour(std::string_view name);

/// `a.b.c` -> (`a`, `b.c`); the second is empty when there is no dot.
std::pair<std::string_view, std::string_view> split_name(std::string_view);

/// A member of a JSON text by its path `a.b.c`; the whole value for an empty path. Nothing when it isn't
/// there.
std::optional<TemplateValue> json_member(std::string_view json, std::string_view path);

/// A value as a task's environment gets it: strings bare, everything else as JSON.
std::string plain_text(const TemplateValue&);

}  // namespace millrace
