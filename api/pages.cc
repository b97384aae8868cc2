#include "api/pages.h"

#include <fmt/format.h>

namespace millrace::pages {
namespace {

// A page whose referrer policy is no-referrer sends its forms with `Origin: null`, which is refused; the meta
// element lets forms to this very daemon name their origin, and no other request.
std::string page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"same-origin\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{}</title>\n<link rel=\"stylesheet\" href=\"/login/style.css\">\n</head>\n<body>\n<main>\n"
      "{}</main>\n</body>\n</html>\n",
      title, body);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string login(std::string_view message) {
  const std::string shown =
      message.empty() ? "" : fmt::format("<p class=\"problem\" role=\"alert\">{}</p>\n", escaped(message));
  return page("Log in · Millrace", fmt::format(R"(<h1>Millrace</h1>
{}<form method="post" action="/login">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Log in</button>
</form>
<p><code>millrace open</code> logs this browser in without typing. The token of the first start is in
<code>admin.token</code> of the data folder.</p>
)",
                                               shown));
}

std::string home(const Principal& who) {
  return page("Millrace", fmt::format(R"(<h1>Millrace</h1>
<p>Logged in as <strong>{}</strong>, {}.</p>
<p>The API is described at <a href="/docs">/docs</a>.</p>
<form method="post" action="/logout"><button type="submit">Log out</button></form>
)",
                                      escaped(who.name), to_word(who.role)));
}

std::string_view style() {
  return R"(:root { color-scheme: light dark; --ink: #1b1f24; --paper: #f7f7f5; --line: #8a8f98;
  --act: #1f5fbf; --act-ink: #ffffff; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e7e9; --paper: #16181b; --line: #7b818a;
    --act: #7fb0ff; --act-ink: #10141a; --bad: #ff9d94; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { width: min(26rem, 100vw - 2rem); }
h1 { font-size: 1.5rem; font-weight: 600; margin: 0 0 1rem; }
label { display: block; margin-bottom: .25rem; }
input { width: 100%; padding: .5rem .6rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: 4px; }
button { margin-top: .75rem; padding: .5rem 1rem; font: inherit; color: var(--act-ink);
  background: var(--act); border: 0; border-radius: 4px; cursor: pointer; }
:is(input, button, a):focus-visible { outline: 2px solid var(--act); outline-offset: 2px; }
a { color: var(--act); }
.problem { color: var(--bad); }
)";
}

}  // namespace millrace::pages
