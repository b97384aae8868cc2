#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/client.h"
#include "cli/json.h"

namespace millrace::cli {

enum ExitCode : int { ok = 0, refused = 1, usage = 2, unreachable = 3, not_found = 4 };

/// What every command gets: how to reach the daemon and how to print.
struct Context {
  bool json = false;  ///< print the API's JSON instead of tables
  bool color = false;
  bool progress = false;  ///< standard error is a screen
  std::string url, token, data_dir = ".millrace";

  /// Made on first use: `validate` and `schema` need no daemon.
  Client& client();

 private:
  std::optional<Client> client_;
};

/// Standard output, whole and as it is.
void print(std::string_view);
/// A line on standard error.
void complain(std::string_view);
/// Rewrites one line of the screen on standard error; empty text clears it. Nothing without a screen.
void show_progress(const Context&, std::string_view);
/// Waits before asking again. Commands only: nothing else of Millrace waits by the clock.
void pause_ms(int ms);

/// The answer's JSON, or the exit code after the refusal was printed (`detail`, `hint`, the errors).
std::expected<Json, int> fetch(Context&, std::string_view path);
std::expected<Json, int> send(Context&, std::string_view method, std::string_view path,
                              std::string_view body = {}, std::string_view content_type = "application/json");
/// Prints what a reply refuses and returns the exit code for it.
int explain_refusal(const HttpReply&);

/// With --json prints the JSON and returns true.
bool print_json(const Context&, const Json&);

struct Column {
  std::string heading;
  std::string member;
  std::function<std::string(const Json&)> shown = nullptr;  ///< default: the member as text
};
/// Prints `answer[plural]` as a table (or the answer as JSON).
int print_list(const Context&, const Json& answer, std::string_view plural, const std::vector<Column>&);

/// `2001-01-05T00:00:00Z` → `2001-01-05 00:00:00`, without the zero time of day.
std::string short_time(const Json&);
/// A JSON object's text from member texts: {"a":1,"b":2}.
std::string object_of(const std::vector<std::string>& members);
/// `"name":"value"`
std::string text_member(std::string_view name, std::string_view value);
/// The members `k=v` of --param as one object; a complaint and nothing when one has no `=`.
std::optional<std::string> params_object(const std::vector<std::string>& pairs);

}  // namespace millrace::cli
