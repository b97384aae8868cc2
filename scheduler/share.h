#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace {

/// Stride scheduling over the four share classes of one pool, weights 8:4:4:1 (manual, scheduled,
/// dataset_triggered, backfill). Each turn moves a class on by 8 / weight; the class that is furthest behind
/// is next, so that of 17 turns that all could use none gets less than its weight. A class that couldn't use
/// its turns doesn't save them up.
class Stride {
 public:
  static constexpr std::size_t classes = 4;

  /// Class numbers, next first. Ties: the lower number.
  std::array<std::size_t, classes> order() const;
  /// The class took a turn.
  void charge(std::size_t share_class);

 private:
  std::uint64_t standing(std::size_t share_class) const;

  std::array<std::uint64_t, classes> pass_{};
  std::uint64_t now_ = 0;  // where the last turn was taken
};

}  // namespace millrace
