#include "api/pages.h"

#include <fmt/format.h>

#include "api/next_path.h"

namespace millrace::pages {
namespace {

/// The web UI's mark, in its ink and its green.
constexpr std::string_view mark =
    R"(<svg width="22" height="22" viewBox="0 0 20 20" fill="none" aria-hidden="true">)"
    R"(<path d="M4 5h5l3 5-3 5H4" stroke="currentColor" stroke-width="1.7" stroke-linejoin="round" )"
    R"(stroke-linecap="round"/><circle cx="15.5" cy="10" r="2.4"/></svg>)";

// A page whose referrer policy is no-referrer sends its forms with `Origin: null`, which is refused; the meta
// element lets forms to this very daemon name their origin, and no other request.
std::string page(std::string_view title, std::string_view head, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"same-origin\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n{}"
      "<title>{}</title>\n<link rel=\"icon\" href=\"/favicon.svg\">\n"
      "<link rel=\"stylesheet\" href=\"/login/style.css\">\n</head>\n<body>\n<main>\n"
      "<p class=\"brand\">{}millrace</p>\n<div class=\"card\">\n{}</div>\n</main>\n</body>\n</html>\n",
      head, title, mark, body);
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

std::string login(std::string_view problem, std::string_view next) {
  std::string shown, described, after;
  if (!problem.empty()) {
    shown = fmt::format("<p class=\"problem\" id=\"problem\" role=\"alert\">{}</p>\n", escaped(problem));
    described = " aria-invalid=\"true\" aria-describedby=\"problem\"";
  }
  if (next.size() > 1)
    after = fmt::format("<input type=\"hidden\" name=\"next\" value=\"{}\">\n", escaped(next));
  return page("Log in · Millrace", "",
              fmt::format(R"(<h1>Log in</h1>
{}<form method="post" action="/login">
{}<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" spellcheck="false" required
 autofocus{}>
<button type="submit">Log in</button>
</form>
<dl>
<dt>Where is the token?</dt>
<dd>The first start wrote one into the data folder: <code>admin.token</code>.</dd>
<dt>Without typing</dt>
<dd><code>millrace open</code> on the daemon’s machine logs this browser in.</dd>
</dl>
)",
                          shown, after, described));
}

std::string on_to(std::string_view next) {
  const std::string to = escaped("/login?next=" + percent_encode(next));
  return page("Millrace",
              fmt::format("<meta http-equiv=\"refresh\" content=\"0; url={}\">\n", to),
              fmt::format("<p>Going on to <a href=\"{}\">the page that was asked for</a>.</p>\n", to));
}

std::string_view style() {
  return R"(:root { color-scheme: light dark;
  --bg: #f6f7f9; --surface: #ffffff; --sunken: #f1f3f6; --line: #e3e7ec; --line-2: #cbd2db;
  --ink: #171c24; --ink-2: #4a5463; --on-ink: #ffffff; --focus: #265cc3;
  --mark: #288263; --problem: #b0261a; --problem-b: #f8e8e7; --edge: #7f8896;
  --shadow: 0 1px 2px rgb(20 28 40 / 5%), 0 6px 20px rgb(20 28 40 / 6%); }
@media (prefers-color-scheme: dark) {
  :root { --bg: #0f1217; --surface: #161b22; --sunken: #11151b; --line: #252d38; --line-2: #38424f;
    --ink: #e8ecf2; --ink-2: #aeb7c4; --on-ink: #12161c; --focus: #82b1f5;
    --mark: #36c39f; --problem: #ff8a86; --problem-b: #342127; --edge: #6b7685;
    --shadow: 0 1px 2px rgb(0 0 0 / 30%), 0 8px 24px rgb(0 0 0 / 28%); }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center;
  padding: 24px 16px 10vh; background: var(--bg); color: var(--ink);
  font: 400 14px/1.5 Inter, system-ui, sans-serif; letter-spacing: -.003em; }
main { width: min(340px, 100%); }
.brand { display: flex; align-items: center; gap: 9px; margin: 0 0 14px 2px; font-size: 15px;
  font-weight: 650; letter-spacing: -.02em; }
.brand circle { fill: var(--mark); }
.card { padding: 20px; background: var(--surface); border: 1px solid var(--line); border-radius: 10px;
  box-shadow: var(--shadow); }
h1 { margin: 0 0 14px; font-size: 19px; font-weight: 620; line-height: 26px; letter-spacing: -.022em; }
.card > p { margin: 0; }
.card > .problem { margin: 0 0 14px; padding: 8px 10px; border-radius: 7px; background: var(--problem-b);
  color: var(--problem); font-size: 13px; }
label { display: block; margin-bottom: 5px; color: var(--ink-2); font-size: 13px; font-weight: 500; }
input { width: 100%; height: 38px; padding: 0 10px;
  font: 400 14px/1.4 "JetBrains Mono", ui-monospace, monospace; color: inherit;
  background: var(--surface); border: 1px solid var(--edge); border-radius: 7px; }
button { width: 100%; height: 38px; margin-top: 12px; font: inherit; font-weight: 550; color: var(--on-ink);
  background: var(--ink); border: 0; border-radius: 7px; cursor: pointer; }
button:hover { opacity: .9; }
:is(input, button, a):focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
a { color: inherit; text-underline-offset: 2px; }
dl { margin: 18px 0 0; padding-top: 14px; border-top: 1px solid var(--line); font-size: 13px; }
dt { color: var(--ink); font-weight: 500; }
dd { margin: 0 0 10px; color: var(--ink-2); }
dd:last-child { margin-bottom: 0; }
code { padding: 1px 4px; font: 500 12px/1.4 "JetBrains Mono", ui-monospace, monospace; color: var(--ink);
  background: var(--sunken); border: 1px solid var(--line); border-radius: 4px; white-space: nowrap; }
@media (pointer: coarse) {
  input, button { height: 44px; }
  input { font-size: 16px; }
}
)";
}

}  // namespace millrace::pages
