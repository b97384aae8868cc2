#pragma once

#include <list>
#include <memory>
#include <string>

#include "api/auth.h"
#include "api/stream.h"
#include "base/thread_annotations.h"
#include "base/time.h"

namespace millrace {

class Access;

/// The streams there are, by who opened them: a token that ends takes its streams with it. Any thread.
class OpenStreams {
 public:
  /// The same stream, known here while it is open.
  std::shared_ptr<StreamSource> guard(const Principal&, std::shared_ptr<StreamSource>);
  /// Ends the streams whose token or session lives no more.
  void end_dead(Access&, WallTime now);

 private:
  class Guarded;
  struct Open {
    std::string token_id, session_id;
    std::shared_ptr<StreamOut> out;
  };
  Mutex mutex_;
  std::list<Open> open_ GUARDED_BY(mutex_);
};

}  // namespace millrace
