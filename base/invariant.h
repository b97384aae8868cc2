#pragma once

namespace millrace {

/// Prints the broken invariant to stderr and aborts. Running tasks go on: the runner holds them.
[[noreturn]] void invariant_broken(const char* expression, const char* file, int line);

}  // namespace millrace

/// A bug of ours, never bad input. On in every build.
#define INVARIANT(x) (static_cast<bool>(x) ? void(0) : ::millrace::invariant_broken(#x, __FILE__, __LINE__))
