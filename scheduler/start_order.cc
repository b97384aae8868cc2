#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/admission_state.h"

/// The line as a person would draw it: who is next, and next after that.
namespace millrace {
namespace {

/// Sorted lists read as one.
class Merged {
 public:
  void add(const WaitingLines::Members& list) {
    if (list.empty()) return;
    parts_.push_back({list.begin(), list.end()});
    std::ranges::push_heap(parts_, later);
  }
  bool empty() const { return parts_.empty(); }
  const WaitingLines::Entry& take() {
    std::ranges::pop_heap(parts_, later);
    Part& part = parts_.back();
    const WaitingLines::Entry& entry = *part.at->second;
    if (++part.at == part.end) parts_.pop_back();
    else std::ranges::push_heap(parts_, later);
    return entry;
  }

 private:
  struct Part {
    WaitingLines::Members::const_iterator at, end;
  };
  static bool later(const Part& a, const Part& b) { return b.at->first < a.at->first; }
  std::vector<Part> parts_;
};

struct Line {
  std::array<Merged, Stride::classes> classes;
  Stride stride;
  std::uint64_t turn = 0;
};

}  // namespace

void Admission::in_start_order(std::string_view pool,
                               const std::function<bool(const Candidate&)>& visit) const {
  std::map<std::string, Line> lines;
  state_->lines.each_list([&](const WaitingLines::Need& need, const WaitingLines::Members& list) {
    if (!list.empty() && (pool.empty() || need.pool == pool))
      lines[need.pool].classes[static_cast<std::size_t>(need.share)].add(list);
  });
  for (auto& [name, line] : lines) {
    const State::Pool& known = state_->pools.at(name);
    line.stride = known.classes;
    line.turn = known.turn;
  }
  std::uint64_t turn = state_->turn;
  while (!lines.empty()) {
    const auto behind = std::ranges::min_element(
        lines, {}, [turn](const auto& named) { return std::max(named.second.turn, turn); });
    Line& line = behind->second;
    const auto order = line.stride.order();
    const auto next =
        std::ranges::find_if(order, [&](std::size_t c) { return !line.classes[c].empty(); });
    if (next == order.end()) {
      lines.erase(behind);
      continue;
    }
    turn = std::max(line.turn, turn);
    line.turn = turn + 1;
    line.stride.charge(*next);
    if (!visit(line.classes[*next].take().candidate)) return;
  }
}

std::size_t Admission::waiting(std::string_view pool) const {
  if (pool.empty()) return state_->lines.size();
  std::size_t count = 0;
  state_->lines.each_list([&](const WaitingLines::Need& need, const WaitingLines::Members& list) {
    if (need.pool == pool) count += list.size();
  });
  return count;
}

}  // namespace millrace
