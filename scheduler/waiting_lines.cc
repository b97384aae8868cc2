#include "scheduler/waiting_lines.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/invariant.h"

namespace millrace {
namespace {

WaitingLines::Need need_of(const Candidate& c) {
  return {.share = c.share,
          .pool = c.pool,
          .slots = c.pool_slots,
          .cpu_milli = c.cpu_milli,
          .memory_bytes = c.memory_bytes,
          .gpu = {.count = c.gpu,
                  .memory_bytes = c.gpu > 0 ? c.gpu_memory_bytes : 0,
                  .models = c.gpu > 0 ? c.gpu_model : std::vector<std::string>{}}};
}

}  // namespace

int WaitingLines::room(const Lane& lane) {
  int out = std::numeric_limits<int>::max();
  for (const Gate* gate : {lane.run, lane.shared})
    if (gate && gate->limit > 0) out = std::min(out, std::max(0, gate->limit - gate->running));
  return out;
}

WaitingLines::Lane* WaitingLines::lane_for(const Candidate& c, Shape& shape) {
  // Two limits for one run (its DAG's version changed): the newest candidate knows.
  Gate* run = c.max_active_tasks_of_run > 0 ? &runs_[c.run] : nullptr;
  Gate* shared = c.limit_key.empty() || c.limit <= 0 ? nullptr : &keys_[c.limit_key];
  if (!run && !shared) return nullptr;
  const auto set_limit = [this](Gate& gate, int limit) {
    if (gate.limit == limit) return;
    gate.limit = limit;
    refill_all(gate);
  };
  if (run) set_limit(*run, c.max_active_tasks_of_run);
  if (shared) set_limit(*shared, c.limit);
  const LaneKey key{&shape.need, c.run, c.limit_key};
  const auto [at, fresh] = lanes_.try_emplace(key);
  Lane& lane = at->second;
  if (fresh) {
    lane.sequence = next_lane_++;
    lane.key = key;
    lane.shape = &shape;
  }
  if (run && !std::exchange(lane.run, run)) ++run->lanes;
  if (shared && !std::exchange(lane.shared, shared)) ++shared->lanes;
  return &lane;
}

void WaitingLines::add(Candidate c) {
  remove(c.id);
  const Order order{-std::int64_t{c.priority}, c.execution_date, c.task, c.id};
  Need need = need_of(c);
  Shape& shape = shapes_.try_emplace(need).first->second;
  if (shape.members++ == 0) shape.need = std::move(need);
  waiting_[c.pool] += c.pool_slots;
  Lane* lane = lane_for(c, shape);
  Entry& entry = entries_[c.id];
  entry = {std::move(c), order, &shape, lane, false};
  if (lane && !lane->held.empty() && lane->held.begin()->first < order) {
    entry.held = true;
    lane->held.emplace(order, &entry);
    return;
  }
  if (lane) ++lane->open;
  shape.open.emplace(order, &entry);
  relist(shape);
}

bool WaitingLines::remove(TaskInstanceId id) {
  const auto at = entries_.find(id);
  if (at == entries_.end()) return false;
  const Entry entry = std::move(at->second);
  entries_.erase(at);
  Shape& shape = *entry.shape;
  if (const auto slots = waiting_.find(shape.need.pool); (slots->second -= shape.need.slots) == 0)
    waiting_.erase(slots);
  if (entry.held) {
    entry.lane->held.erase(entry.order);
  } else {
    shape.open.erase(entry.order);
    if (entry.lane) --entry.lane->open;
  }
  if (entry.lane) {
    refill(*entry.lane);
    if (entry.lane->open == 0 && entry.lane->held.empty()) drop_lane(*entry.lane);
  }
  relist(shape);
  if (--shape.members == 0) shapes_.erase(Need{shape.need});
  drop_gates(entry.candidate);
  return true;
}

const WaitingLines::Entry* WaitingLines::find(TaskInstanceId id) const {
  const auto at = entries_.find(id);
  return at == entries_.end() ? nullptr : &at->second;
}

WaitingLines::Entry* WaitingLines::first(Shape& shape) {
  while (!shape.open.empty()) {
    Entry& entry = *shape.open.begin()->second;
    if (!entry.lane || room(*entry.lane) > 0) return &entry;
    hold(entry);
  }
  return nullptr;
}

void WaitingLines::hold(Entry& entry) {
  Lane& lane = *entry.lane;
  entry.shape->open.erase(entry.order);
  --lane.open;
  entry.held = true;
  lane.held.emplace(entry.order, &entry);
  for (Gate* gate : {lane.run, lane.shared})
    if (gate) gate->holding.emplace(lane.sequence, &lane);
  relist(*entry.shape);
}

void WaitingLines::refill(Lane& lane) {
  const int free = room(lane);
  while (!lane.held.empty() && lane.open < free) {
    Entry& entry = *lane.held.begin()->second;
    lane.held.erase(lane.held.begin());
    entry.held = false;
    ++lane.open;
    lane.shape->open.emplace(entry.order, &entry);
  }
  if (lane.held.empty())
    for (Gate* gate : {lane.run, lane.shared})
      if (gate) gate->holding.erase(lane.sequence);
  relist(*lane.shape);
}

void WaitingLines::refill_all(Gate& gate) {
  for (auto at = gate.holding.begin(); at != gate.holding.end();) refill(*(at++)->second);
}

void WaitingLines::relist(Shape& shape) {
  std::optional<Order> head;
  if (!shape.open.empty()) head = shape.open.begin()->first;
  if (head == shape.listed) return;
  const auto at = lines_.try_emplace(shape.need.pool).first;
  Line& line = at->second[static_cast<std::size_t>(shape.need.share)];
  if (shape.listed) line.erase(*shape.listed);
  if (head) line.emplace(*head, &shape);
  shape.listed = head;
}

void WaitingLines::drop_lane(Lane& lane) {
  for (Gate* gate : {lane.run, lane.shared})
    if (gate) {
      --gate->lanes;
      gate->holding.erase(lane.sequence);
    }
  const LaneKey key = lane.key;
  lanes_.erase(key);
}

void WaitingLines::drop_gates(const Candidate& c) {
  const auto unused = [](const Gate& gate) { return gate.running == 0 && gate.lanes == 0; };
  if (const auto at = runs_.find(c.run); at != runs_.end() && unused(at->second)) runs_.erase(at);
  if (const auto at = keys_.find(c.limit_key); at != keys_.end() && unused(at->second)) keys_.erase(at);
}

void WaitingLines::count(const Candidate& c, int change) {
  const auto move = [&](Gate& gate) {
    gate.running += change;
    INVARIANT(gate.running >= 0);
    if (change < 0) refill_all(gate);
  };
  move(runs_[c.run]);
  if (!c.limit_key.empty()) move(keys_[c.limit_key]);
  drop_gates(c);
}

int WaitingLines::running_of_run(const Candidate& c) const {
  const auto at = runs_.find(c.run);
  return at == runs_.end() ? 0 : at->second.running;
}

int WaitingLines::running_of_key(const Candidate& c) const {
  const auto at = keys_.find(c.limit_key);
  return at == keys_.end() ? 0 : at->second.running;
}

WaitingLines::Lines* WaitingLines::lines_of(const std::string& pool) {
  const auto at = lines_.find(pool);
  return at == lines_.end() ? nullptr : &at->second;
}

std::int64_t WaitingLines::slots_waiting(const std::string& pool) const {
  const auto at = waiting_.find(pool);
  return at == waiting_.end() ? 0 : at->second;
}

}  // namespace millrace
