#pragma once

#include <vector>

/// Named places where a test may end the process as if the machine had chosen that moment: in every build, so
/// that the binary tested is the one shipped. docs/testing.md has the variables and why they are safe.
namespace millrace::crash_points {

/// Whether the environment names a point. Set before main(), never after.
extern const bool armed;

/// The variables above, for the environment of a program that is to have its own points; null ends them.
std::vector<char*> variables();

/// Any thread. Sends this process SIGKILL at the passage that the environment names.
void pass(const char* name);

}  // namespace millrace::crash_points

/// One load and a branch that is never taken. The name is a literal, once in the tree: "step.what_is_done".
#define CRASH_POINT(name)                                                                   \
  do {                                                                                      \
    if (::millrace::crash_points::armed) [[unlikely]] ::millrace::crash_points::pass(name); \
  } while (false)
