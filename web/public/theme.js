// Before the first paint, so that no page flashes in the other theme. A file of its own: the CSP has no inline script.
(function () {
  var theme = new URLSearchParams(location.search).get("theme");
  try {
    theme = theme || localStorage.getItem("millrace.theme");
  } catch {
    theme = theme || null;
  }
  if (theme !== "dark" && theme !== "light") {
    theme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  }
  document.documentElement.dataset.theme = theme;
})();
