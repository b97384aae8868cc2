#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "scheduler/admission.h"
#include "scheduler/gpu_devices.h"

namespace millrace {

/// Who waits for admission, arranged so that what can't start isn't looked at again and again. Candidates of
/// one class with equal needs form a *shape*: they fit or don't together, so only its first is asked. Those
/// that their run's max_active_tasks or their expand's max_active stops are *held* aside, in a *lane* per
/// (shape, run, limit_key), and come back when there is room.
class WaitingLines {
 public:
  struct Need {
    ShareClass share = ShareClass::manual;
    std::string pool;
    int slots = 1;
    std::int64_t cpu_milli = 0, memory_bytes = 0;
    GpuNeed gpu;
    friend auto operator<=>(const Need&, const Need&) = default;
  };
  struct Order {
    std::int64_t rank = 0;  ///< -priority
    WallTime execution_date;
    TaskIndex task = 0;
    TaskInstanceId id;
    friend auto operator<=>(const Order&, const Order&) = default;
  };
  struct Shape;
  struct Lane;
  struct Entry {
    Candidate candidate;
    Order order;
    Shape* shape = nullptr;
    Lane* lane = nullptr;  ///< null when no limit applies
    bool held = false;
  };
  struct Shape {
    Need need;
    std::map<Order, Entry*> open;  ///< not held
    std::int64_t members = 0;      ///< open and held
    std::optional<Order> listed;   ///< its key in `Line`
    std::int64_t passes = 0;       ///< how often another was admitted although this one was before it
  };
  /// Shapes of one pool and class by their first open candidate.
  using Line = std::map<Order, Shape*>;
  using Lines = std::array<Line, 4>;

  /// An id that waits already is replaced.
  void add(Candidate);
  /// Whether it waited.
  bool remove(TaskInstanceId);
  const Entry* find(TaskInstanceId) const;
  /// The first of the shape whose limits have room; holds those before it that have none. Null: none is left.
  Entry* first(Shape&);

  /// An admitted instance starts (+1) or ends (-1) to count against its run and limit_key.
  void count(const Candidate&, int change);
  /// How many count now against (run) or (limit_key) of the candidate.
  int running_of_run(const Candidate&) const;
  int running_of_key(const Candidate&) const;

  using Members = std::map<Order, Entry*>;
  /// Every sorted list of members, open and held, with the need they share. No member is in two of them.
  template <class Visit>
  void each_list(Visit visit) const;
  std::size_t size() const { return entries_.size(); }

  /// Null when nobody waits in the pool.
  Lines* lines_of(const std::string& pool);
  std::int64_t slots_waiting(const std::string& pool) const;
  const std::map<Need, Shape>& shapes() const { return shapes_; }
  std::map<Need, Shape>& shapes() { return shapes_; }
  bool empty() const { return entries_.empty(); }

 private:
  struct Gate {
    int running = 0, limit = 0;  // 0: none
    int lanes = 0;
    std::map<std::int64_t, Lane*> holding;  // lanes with held members, by sequence
  };
  struct LaneKey {
    const Need* need = nullptr;  // compared by value
    RunId run;
    std::string key;
    friend std::strong_ordering operator<=>(const LaneKey& a, const LaneKey& b) {
      if (const auto by = a.run <=> b.run; by != 0) return by;
      if (const auto by = a.key <=> b.key; by != 0) return by;
      return *a.need <=> *b.need;
    }
  };

  static int room(const Lane&);
  Lane* lane_for(const Candidate&, Shape&);
  void hold(Entry&);
  void refill(Lane&);
  void refill_all(Gate&);
  void relist(Shape&);
  void drop_lane(Lane&);
  void drop_gates(const Candidate&);

  std::map<TaskInstanceId, Entry> entries_;
  std::map<Need, Shape> shapes_;
  std::map<LaneKey, Lane> lanes_;
  std::map<std::string, Lines> lines_;           // by pool
  std::map<std::string, std::int64_t> waiting_;  // slots, by pool
  std::map<RunId, Gate> runs_;
  std::map<std::string, Gate> keys_;
  std::int64_t next_lane_ = 0;

 public:
  struct Lane {
    std::int64_t sequence = 0;
    LaneKey key;
    Shape* shape = nullptr;
    Gate* run = nullptr;
    Gate* shared = nullptr;
    std::map<Order, Entry*> held;
    std::int64_t open = 0;  ///< members in shape->open; at rest at least `room` of them while others are held
  };
};

template <class Visit>
void WaitingLines::each_list(Visit visit) const {
  for (const auto& [need, shape] : shapes_) visit(need, shape.open);
  for (const auto& [key, lane] : lanes_) visit(lane.shape->need, lane.held);
}

}  // namespace millrace
