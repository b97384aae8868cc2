#pragma once

namespace millrace {

/// Ends the process with SIGKILL when the environment names this point: `MILLRACE_CRASH_POINT=name` or
/// `name:N` for the Nth passage. One load and a branch when it doesn't.
void crash_point(const char* name);

}  // namespace millrace

#define CRASH_POINT(name) ::millrace::crash_point(name)
