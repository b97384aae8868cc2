#pragma once

#include <string>
#include <string_view>

/// The few pages that need no program in the browser: no script, one style sheet, nothing from elsewhere.
namespace millrace::pages {

/// The form for a token. `problem` says why the last try failed; empty: none did. `next` is where it leads: a
/// path of ours (next_path.h).
std::string login(std::string_view problem, std::string_view next);
/// Asks for the login page again, from here.
std::string on_to(std::string_view next);
std::string_view style();
/// Text as HTML shows it literally.
std::string escaped(std::string_view);

}  // namespace millrace::pages
