#include "scheduler/dag_index.h"

#include <algorithm>
#include <limits>
#include <set>

namespace millrace {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::vector<std::string> labels_of(const Dag& dag) {
  std::vector<std::string> out{label_of_owner(dag.owner),
                               label_of_schedule(dag.schedule.kind == Schedule::Kind::datasets)};
  for (const std::string& tag : dag.tags) out.push_back(label_of_tag(tag));
  for (const std::string& name : dag.schedule.datasets) out.push_back(label_of_dataset(name));
  std::set<std::string_view> pools;
  for (const Task& task : dag.tasks) pools.insert(task.pool);
  for (const std::string_view pool : pools) out.push_back(label_of_pool(pool));
  return out;
}

}  // namespace

std::string label_of_tag(std::string_view tag) { return "t" + std::string(tag); }
std::string label_of_owner(std::string_view owner) { return "o" + std::string(owner); }
std::string label_of_dataset(std::string_view name) { return "d" + std::string(name); }
std::string label_of_pool(std::string_view pool) { return "p" + std::string(pool); }
std::string label_of_schedule(bool by_datasets) { return by_datasets ? "s1" : "s0"; }

const std::string& DagIndex::name_of(Place place) const { return rows_[place].entry->row.dag_id; }

std::vector<DagIndex::Place>::const_iterator DagIndex::first_from(std::string_view dag_id) const {
  const auto name = [&](Place place) -> std::string_view { return name_of(place); };
  return std::ranges::lower_bound(order_, dag_id, {}, name);
}

void DagIndex::add(DagEntry& entry) {
  entry.place = static_cast<Place>(rows_.size());
  rows_.emplace_back().entry = &entry;
  const std::string& dag_id = entry.row.dag_id;
  order_.insert(first_from(dag_id), entry.place);
  std::ranges::transform(dag_id, std::back_inserter(names_), lower);
  name_ends_.push_back(names_.size());
  names_ += '\n';
}

void DagIndex::count(const Row& row, std::int64_t sign) {
  counts_.dags += row.present ? sign : 0;
  counts_.paused += row.present && row.paused ? sign : 0;
  counts_.running += sign * std::int64_t{row.running};
  counts_.queued += sign * std::int64_t{row.queued};
}

void DagIndex::label(Place place, const Dag& dag, bool add) {
  for (const std::string& label : labels_of(dag)) {
    std::vector<Place>& places = by_label_[label];
    const auto at = std::ranges::lower_bound(places, place);
    const bool there = at != places.end() && *at == place;
    if (add && !there) places.insert(at, place);
    if (!add && there) places.erase(at);
    if (places.empty()) by_label_.erase(label);
  }
}

void DagIndex::update(DagEntry& entry) {
  if (entry.place == DagEntry::unplaced) add(entry);
  Row& row = rows_[entry.place];
  count(row, -1);
  row.present = !entry.row.removed && entry.dag != nullptr;
  row.paused = entry.row.paused;
  row.held = !entry.hold.empty();
  row.queued = static_cast<std::uint32_t>(entry.queued.size());
  row.running = static_cast<std::uint32_t>(entry.active.size()) - row.queued;
  row.due = entry.due.has_value();
  row.due_us = entry.due.value_or(WallTime{}).us;
  count(row, 1);
  if (row.labelled == entry.dag) return;
  if (row.labelled) label(entry.place, *row.labelled, false);
  row.labelled = entry.dag;
  if (row.labelled) label(entry.place, *row.labelled, true);
}

/// Each DAG whose id has the piece in it, once.
template <class Meet>
void DagIndex::each_named(std::string_view piece, Meet meet) const {
  std::string wanted;
  std::ranges::transform(piece, std::back_inserter(wanted), lower);
  if (wanted.find('\n') != wanted.npos) return;
  for (std::size_t at = names_.find(wanted); at != names_.npos; at = names_.find(wanted, at)) {
    const auto end = std::ranges::lower_bound(name_ends_, at);
    meet(static_cast<Place>(end - name_ends_.begin()));
    at = *end;
  }
}

bool DagIndex::fits(const Row& row, const DagWish& wish) const {
  using enum DagWish::State;
  if (!row.present && !(wish.with_removed && row.entry->row.removed)) return false;
  if (wish.state == active && row.paused) return false;
  if (wish.state == paused && !row.paused) return false;
  if (wish.state == running && row.running == 0) return false;
  if (wish.state == queued && row.queued == 0) return false;
  return !wish.named || wish.named(row.entry->row.dag_id);
}

std::vector<DagIndex::Place> DagIndex::fitting(const DagWish& wish) const {
  std::vector<std::uint32_t> met(rows_.size());  // of the conditions so far, one after the other
  std::uint32_t all = 0;
  const auto meet = [&](Place place) {
    if (met[place] + 1 == all) met[place] = all;
  };
  if (wish.only) {
    ++all;
    for (const std::string& dag_id : *wish.only)
      if (const auto at = first_from(dag_id); at != order_.end() && name_of(*at) == dag_id) meet(*at);
  }
  for (const std::vector<std::string>& group : wish.labels) {
    ++all;
    for (const std::string& label : group)
      if (const auto found = by_label_.find(label); found != by_label_.end())
        for (const Place place : found->second) meet(place);
  }
  if (!wish.piece.empty()) {
    ++all;
    each_named(wish.piece, meet);
  }
  std::vector<Place> out;
  for (auto at = first_from(wish.prefix); at != order_.end(); ++at) {
    if (!wish.prefix.empty() && !name_of(*at).starts_with(wish.prefix)) break;
    if (met[*at] == all && fits(rows_[*at], wish)) out.push_back(*at);
  }
  return out;
}

/// Far enough for the page.
void DagIndex::sort(std::vector<Place>& places, const DagWish& wish) const {
  if (wish.sort == DagWish::Sort::dag_id) {
    if (wish.descending) std::ranges::reverse(places);
    return;
  }
  std::vector<std::pair<std::int64_t, std::pair<std::size_t, Place>>> keyed;
  keyed.reserve(places.size());
  for (const Place place : places) {
    const Row& row = rows_[place];
    std::int64_t key = row.due ? row.due_us : std::numeric_limits<std::int64_t>::max();
    if (wish.sort == DagWish::Sort::running) key = -std::int64_t{row.running};
    if (wish.sort == DagWish::Sort::paused) key = row.paused ? 1 : 0;
    keyed.push_back({wish.descending ? -key : key, {keyed.size(), place}});
  }
  const std::size_t shown = std::min(keyed.size(), wish.offset + wish.limit);
  std::ranges::partial_sort(keyed, keyed.begin() + static_cast<std::ptrdiff_t>(shown));
  for (std::size_t i = 0; i < shown; ++i) places[i] = keyed[i].second.second;
}

DagPage DagIndex::find(const DagWish& wish) const {
  std::vector<Place> places = fitting(wish);
  sort(places, wish);
  DagPage out;
  out.total = static_cast<std::int64_t>(places.size());
  for (std::size_t i = wish.offset; i < places.size() && out.dags.size() < wish.limit; ++i) {
    const DagEntry& entry = *rows_[places[i]].entry;
    out.dags.push_back(
        {&entry.row, &entry.dag, rows_[places[i]].running, rows_[places[i]].queued, entry.due});
  }
  return out;
}

std::vector<std::string> DagIndex::words(std::string_view kind,
                                         const std::function<bool(std::string_view)>& may_see) const {
  std::vector<std::string> out;
  for (auto at = by_label_.lower_bound(kind); at != by_label_.end() && at->first.starts_with(kind); ++at) {
    const bool seen = std::ranges::any_of(
        at->second, [&](Place p) { return rows_[p].present && (!may_see || may_see(name_of(p))); });
    if (seen) out.push_back(at->first.substr(kind.size()));
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> DagIndex::holds() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Place place : order_)
    if (rows_[place].held) out.emplace_back(rows_[place].entry->row.dag_id, rows_[place].entry->hold);
  return out;
}

}  // namespace millrace
