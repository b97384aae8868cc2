import { describe, expect, it } from "vitest";

import { carry, cleaned, paint, PLAIN, stateBefore } from "./ansi";

const E = "\u001B";
const spans = (text: string, from = PLAIN) => paint(cleaned(text), from).spans.map(({ text: words, look }) => [words, look]);
const bytes = (text: string) => new TextEncoder().encode(text);

describe("colours", () => {
  it("become spans with the theme's names", () => {
    expect(spans(`a ${E}[31mred${E}[0m ${E}[1;92mbold green${E}[22m green${E}[39m.`)).toEqual([
      ["a ", ""], ["red", "fg-red"], [" ", ""], ["bold green", "fg-green bold"], [" green", "fg-green"], [".", ""],
    ]);
  });

  it("of 256 and of 16 million are taken by their hue", () => {
    expect(spans(`${E}[38;5;196mr${E}[38;5;46mg${E}[38;5;21mb${E}[38;5;208mo${E}[38;5;240md${E}[38;5;255mw`)).toEqual([
      ["r", "fg-red"], ["g", "fg-green"], ["b", "fg-blue"], ["o", "fg-yellow"], ["d", "fg-dim"], ["w", ""],
    ]);
    expect(spans(`${E}[38;2;255;0;255mm${E}[38:2::0:200:200mc${E}[48;2;0;80;0mon green`)).toEqual([
      ["m", "fg-magenta"], ["c", "fg-cyan"], ["on green", "fg-cyan bg-green"],
    ]);
    expect(spans(`${E}[38:5:196mr${E}[4:3mcurly`)).toEqual([["r", "fg-red"], ["curly", "fg-red underline"]]);
  });

  it("that can't be read in one of the themes are the ink, or dim", () => {
    expect(spans(`${E}[30mblack${E}[37mwhite${E}[97mbright`)).toEqual([["black", "fg-dim"], ["whitebright", ""]]);
  });

  it("keep to their own span when more come after", () => {
    expect(spans(`${E}[1mbold${E}[4mand underlined${E}[0m`)).toEqual([["bold", "bold"], ["and underlined", "bold underline"]]);
    expect(spans(`${E}[1m${E}[1mtwice${E}[22monce off`)).toEqual([["twice", "bold"], ["once off", ""]]);
  });
});

describe("what isn't a colour", () => {
  it("is dropped: moves of the cursor, titles, other strings", () => {
    expect(cleaned(`a${E}[2K${E}[1Gb${E}[?25lc${E}]0;title\u0007d${E}P1$r0m${E}\\e${E}(Bf${E}7g${E}`)).toBe("abcdefg");
  });

  it("is a link's text where there is one", () => {
    expect(cleaned(`see ${E}]8;;https://example.com/?a=1${E}\\the run${E}]8;;${E}\\ now`)).toBe("see the run now");
    expect(cleaned(`${E}]8;id=1;https://example.com\u0007x${E}]8;;\u0007`)).toBe("x");
  });

  it("is a picture of a control character", () => {
    expect(cleaned("a\tb\u0000c\u0007d\u007F")).toBe("a\tb␀c␇d␡");
  });

  it("is never markup: text stays text", () => {
    expect(spans(`<b>${E}[31m<script>${E}[0m&amp;`)).toEqual([["<b>", ""], ["<script>", "fg-red"], ["&amp;", ""]]);
  });

  it("leaves nothing behind, whatever the bytes are", () => {
    for (let seed = 1; seed < 400; seed += 1) {
      let x = seed;
      const text = Array.from({ length: 40 }, () => {
        x = (x * 1103515245 + 12345) % 2147483648;
        return `${E}[m];:0138\\?ab`[x % 14];
      }).join("");
      const { spans: found } = paint(cleaned(text), PLAIN);
      expect(found.map((span) => span.text).join(""), JSON.stringify(text)).not.toContain(E);
    }
  });
});

describe("a colour that stays open", () => {
  it("goes on in the next line", () => {
    const { to } = paint(`${E}[31mred`, PLAIN);
    expect(spans("still red", to)).toEqual([["still red", "fg-red"]]);
    expect(spans(`red${E}[0m plain`, to)).toEqual([["red", "fg-red"], [" plain", ""]]);
    expect(carry(`x${E}[0m`, to)).toBe(PLAIN);
    expect(carry("no sequence", to)).toBe(to);
  });

  it("is found in the bytes before the line, from the last reset on", () => {
    expect(stateBefore(bytes("plain text\n"))).toBe(PLAIN);
    expect(stateBefore(bytes(`${E}[31mred\n${E}[0mplain\n`))).toBe(PLAIN);
    expect(stateBefore(bytes(`${E}[31mred\n${E}[0m${E}[32mgreen\n${E}[1mbold\n`))).toEqual({ ...PLAIN, fg: "ansi-green", decorations: ["bold"] });
    expect(stateBefore(bytes(`${E}[0;31mred\n`))).toEqual({ ...PLAIN, fg: "ansi-red" });
    expect(stateBefore(bytes(`${E}[38;5;0mdark\n`)).fg).toBe("ansi-black");
    expect(stateBefore(bytes(`${E}[31mred${E}[K\n${E}[2J`)).fg).toBe("ansi-red");
  });

  it("is the same as if all lines before had been read", () => {
    const lines = [`a${E}[31mb`, `c${E}[1md${E}[39m`, `${E}[4me${E}[0m${E}[35mf`, "g", `h${E}[m`, "i"];
    let state = PLAIN;
    for (let line = 0; line < lines.length; line += 1) {
      expect(stateBefore(bytes(lines.slice(0, line).join("\n")))).toEqual(state);
      state = carry(lines[line]!, state);
    }
  });
});
