#pragma once

#include <string>
#include <string_view>

#include "api/auth.h"

/// The few pages that need no program in the browser: no script, one style sheet, nothing from elsewhere.
namespace millrace::pages {

/// The form for a token. `message` says why the last try failed; empty: none did.
std::string login(std::string_view message);
std::string home(const Principal&);
std::string_view style();
/// Text as HTML shows it literally.
std::string escaped(std::string_view);

}  // namespace millrace::pages
