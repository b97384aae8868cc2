#pragma once

#include <compare>
#include <cstdint>

namespace millrace {

/// A number that names one kind of thing and can't be mistaken for another kind's. 0 means "none".
template <class Tag>
struct Id {
  std::int64_t value = 0;

  explicit operator bool() const { return value != 0; }
  friend auto operator<=>(const Id&, const Id&) = default;
};

using DagVersionId = Id<struct DagVersionTag>;
using RunId = Id<struct RunTag>;
using TaskInstanceId = Id<struct TaskInstanceTag>;
using AttemptId = Id<struct AttemptTag>;
using BackfillId = Id<struct BackfillTag>;
using DatasetVersionId = Id<struct DatasetVersionTag>;
using NotificationId = Id<struct NotificationTag>;
using RequestId = Id<struct RequestTag>;  ///< one caller waiting for a Reply; never stored

}  // namespace millrace
