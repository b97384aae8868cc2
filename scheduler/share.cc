#include "scheduler/share.h"

#include <algorithm>
#include <utility>

namespace millrace {
namespace {
constexpr std::array<std::uint64_t, Stride::classes> strides{1, 2, 2, 8};  // 8 / weight
}

std::uint64_t Stride::standing(std::size_t share_class) const { return std::max(pass_[share_class], now_); }

std::array<std::size_t, Stride::classes> Stride::order() const {
  std::array<std::size_t, classes> out{0, 1, 2, 3};
  std::ranges::sort(out, {}, [this](std::size_t c) { return std::pair{standing(c), c}; });
  return out;
}

void Stride::charge(std::size_t share_class) {
  now_ = standing(share_class);
  pass_[share_class] = now_ + strides[share_class];
}

}  // namespace millrace
