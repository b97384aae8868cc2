#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "scheduler/core.h"

/// A backfill of a cascade follows others: a date is decided once every date it reads is done in its sources.
/// One run of it then takes up all that was renewed, however many of the dates it reads were.
namespace millrace {

std::vector<DagInForce> Core::in_force() const {
  std::vector<DagInForce> out;
  for (const auto& [dag_id, entry] : dags)
    if (entry.dag && !entry.row.removed) out.push_back({entry.row.current, entry.dag});
  return out;
}

std::optional<DagInForce> Core::maker_of(const std::string& dataset) const {
  for (const auto& [dag_id, entry] : dags) {
    if (!entry.dag || entry.row.removed) continue;
    if (std::ranges::find(entry.dag->datasets, dataset, &Dataset::name) != entry.dag->datasets.end())
      return DagInForce{entry.row.current, entry.dag};
  }
  return {};
}

void Core::carry_on(const Backfill& root, const CascadePlan& plan) {
  std::vector<BackfillId> ids{root.row.id};
  for (const CascadeStep& step : plan.steps) {
    BackfillRow row;
    row.spec = step.spec;
    row.root = root.row.id;
    for (const CascadeStep::Source& source : step.sources)
      row.sources.push_back({ids[source.step], source.window_days});
    row.dag_version = step.of.version;
    ids.push_back(open_backfill(std::move(row), step.of.dag, step.grid).row.id);
  }
}

std::vector<Backfill*> Core::direct_followers(BackfillId id) {
  std::vector<Backfill*> out;
  for (auto& [other, backfill] : backfills)
    for (const BackfillSource& source : backfill.row.sources)
      if (source.backfill == id) out.push_back(&backfill);
  return out;
}

std::vector<Backfill*> Core::with_followers(Backfill& first) {
  std::map<BackfillId, Backfill*> found{{first.row.id, &first}};
  std::vector<BackfillId> open{first.row.id};
  while (!open.empty()) {
    const BackfillId id = open.back();
    open.pop_back();
    for (Backfill* follower : direct_followers(id))
      if (found.emplace(follower->row.id, follower).second) open.push_back(follower->row.id);
  }
  std::vector<Backfill*> out;  // sources have lower ids
  for (const auto& [id, backfill] : found) out.push_back(backfill);
  return out;
}

bool Core::settled(const Backfill& backfill, WallTime date) const {
  for (const BackfillSource& source : backfill.row.sources) {
    const auto it = backfills.find(source.backfill);
    if (it == backfills.end() || is_final(it->second.row.state)) continue;
    const Backfill& from = it->second;
    const WallTime first = first_read(*backfill.dag, date, source.window_days);
    const WallTime last = last_read(*backfill.dag, date);
    if (from.row.cursor && (from.dates.backwards() ? *from.row.cursor >= first : *from.row.cursor <= last))
      return false;
    for (auto item = from.items.lower_bound(first); item != from.items.end() && item->first <= last; ++item)
      if (item->second.state == ItemState::queued || item->second.state == ItemState::running) return false;
  }
  return true;
}

void Core::with_source_items(Backfill& backfill, WallTime from, WallTime to,
                             std::function<void(const SourceItems&)> then) {
  const std::vector<BackfillSource> sources = backfill.row.sources;
  if (sources.empty()) return then({});
  struct Asked {
    SourceItems items;
    std::size_t open;
  };
  auto asked = std::make_shared<Asked>(Asked{SourceItems(sources.size()), sources.size()});
  for (std::size_t k = 0; k < sources.size(); ++k)
    look_up_items(sources[k].backfill, first_read(*backfill.dag, from, sources[k].window_days),
                  last_read(*backfill.dag, to), [asked, k, then](const std::vector<BackfillItemRow>& items) {
                    asked->items[k] = items;
                    if (--asked->open == 0) then(asked->items);
                  });
}

void Core::follow_date(Backfill& backfill, WallTime date, const std::optional<RunRow>& existing,
                       const SourceItems& sources) {
  bool renewed = false, own = false;
  const WallTime last = last_read(*backfill.dag, date);
  for (std::size_t k = 0; k < sources.size(); ++k) {
    const int days = backfill.row.sources[k].window_days;
    const WallTime first = first_read(*backfill.dag, date, days);
    const WallTime own_first = first_own(*backfill.dag, date, days);
    for (const BackfillItemRow& item : sources[k]) {
      if (item.execution_date < first || item.execution_date > last) continue;
      if (item.state == ItemState::failed || item.state == ItemState::cancelled)
        return set_item(backfill, date, ItemState::failed,
                        fmt::format("{} {} in backfill {}", to_iso(item.execution_date), to_word(item.state),
                                    item.backfill.value),
                        {});
      const bool there = item.state == ItemState::success || (item.state == ItemState::skipped && item.run);
      renewed = renewed || item.state == ItemState::success;
      own = own || (there && item.execution_date >= own_first);
    }
  }
  const RunId run = existing ? existing->id : RunId{};
  if (!renewed) return set_item(backfill, date, ItemState::skipped, "nothing it reads was renewed", run);
  if (!existing && !own)
    return set_item(backfill, date, ItemState::skipped, "no run yet, and its own date isn't in this backfill",
                    {});
  if (!existing) return create_item(backfill, date);
  if (is_final(existing->state)) return rerun_item(backfill, date, run, false);
  set_item(backfill, date, ItemState::queued, "a run is active", run);
  backfill.blocked.insert(date);
}

const Backfill* Core::follower_of(RunId producer, const std::string& dag_id, WallTime run_date) const {
  const auto run = runs.find(producer);
  if (run == runs.end() || !run->second.row.backfill) return nullptr;
  for (const auto& [id, backfill] : backfills) {
    if (is_final(backfill.row.state) || is_cancelling(backfill)) continue;
    if (backfill.row.spec.dag_id != dag_id || !backfill.dates.contains(run_date)) continue;
    for (const BackfillSource& source : backfill.row.sources)
      if (source.backfill == run->second.row.backfill) return &backfill;
  }
  return nullptr;
}

}  // namespace millrace
