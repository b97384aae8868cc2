#include "base/invariant.h"

#include <cstdio>
#include <cstdlib>

namespace millrace {

void invariant_broken(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "level=error invariant broken: %s at %s:%d; stopping, running tasks go on\n",
               expression, file, line);
  std::abort();
}

}  // namespace millrace
