#pragma once

/// Bugs on purpose, to prove that the checks of the simulator (tests/sim) can fail. Constant false in every
/// product; the simulator's canary program compiles the few files that name one a second time.
#ifdef MILLRACE_CANARY
namespace millrace {
bool canary(const char* name);
}
#define CANARY(name) ::millrace::canary(name)
#else
#define CANARY(name) false
#endif
