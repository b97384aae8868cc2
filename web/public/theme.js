// What has to be there before any other script. A file of its own: the CSP has no inline script.

// Before the first paint, so that no page flashes in the other theme.
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

// Libraries make style elements: CodeMirror, and Radix for what keeps a page from scrolling under a dialog. The CSP has no
// inline style and the development server no CSP. A constructed style sheet is allowed, so what a script asks for as a style
// element is one that puts its text into such a sheet while it is in the page. Markup's own <style> stays without effect.
(function () {
  class StyleText extends HTMLElement {
    sheet = new CSSStyleSheet();
    observer = new MutationObserver(() => this.read());
    connectedCallback() {
      this.hidden = true;
      this.read();
      this.observer.observe(this, { childList: true, characterData: true, subtree: true });
      document.adoptedStyleSheets.push(this.sheet);
    }
    disconnectedCallback() {
      this.observer.disconnect();
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== this.sheet);
    }
    read() {
      this.sheet.replaceSync(this.textContent);
    }
  }
  customElements.define("style-text", StyleText);
  const create = Document.prototype.createElement;
  Document.prototype.createElement = function (name, options) {
    return create.call(this, /^style$/i.test(name) && this === document ? "style-text" : name, options);
  };
})();
