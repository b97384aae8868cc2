import { describe, expect, it } from "vitest";

import { inOrder, StyleModule } from "./style_mod";

describe("style sheets of editors", () => {
  it("keep the order that each editor asks for", () => {
    expect(inOrder([], ["a", "b"])).toEqual(["a", "b"]);
    expect(inOrder(["a", "b"], ["a", "c", "b"])).toEqual(["a", "c", "b"]);
    expect(inOrder(["a", "b", "x"], ["c", "b"])).toEqual(["c", "a", "b", "x"]);
    // What was mounted in another order moves: the newest wish counts.
    expect(inOrder(["a", "b"], ["b", "a"])).toEqual(["b", "a"]);
  });
  it("are adopted by the page, each once, and leave others' alone", () => {
    class Sheet {
      text = "";
      replaceSync(text: string) {
        this.text = text;
      }
    }
    const theirs = new Sheet();
    const page = { adoptedStyleSheets: [theirs] };
    const before = globalThis.CSSStyleSheet;
    globalThis.CSSStyleSheet = Sheet as never;
    try {
      const [a, b] = [new StyleModule({ ".a": { colorScheme: "dark" } }), new StyleModule({ ".b": { margin: "0" } })];
      StyleModule.mount(page as never, [a]);
      StyleModule.mount(page as never, [a, b]);
      StyleModule.mount(page as never, b);
      expect(page.adoptedStyleSheets.map((sheet) => sheet.text)).toEqual([".a {color-scheme: dark;}", ".b {margin: 0;}", ""]);
    } finally {
      globalThis.CSSStyleSheet = before;
    }
  });
});
