import Anser from "anser";

// Colours of a terminal as classes. The rules: only SGR sequences (`ESC [ … m`) mean something, every other escape sequence is
// dropped, the text of a link (OSC 8) stays. All colours become one of six tokens of the theme, so that they can be read in both: the
// 256 and the 16 million are taken by their hue, black and grey are dim, white is the ink.

/** What is in force at some place of a log. */
export interface AnsiState {
  fg: string | null;
  bg: string | null;
  fg_truecolor: string | null;
  bg_truecolor: string | null;
  decorations: string[];
}
export const PLAIN: AnsiState = { fg: null, bg: null, fg_truecolor: null, bg_truecolor: null, decorations: [] };

export interface Span {
  text: string;
  /** Words like `fg-red bg-blue bold`; "": plain. */
  look: string;
}

const ESC = "\u001B";
// Strings (OSC, DCS, SOS, PM, APC) to their end, or to the line's where they have none; CSI; two-character ones; a lone ESC.
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const SEQUENCES = /\u001B(?:[\]PX^_][^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C)?|\[[\u0030-\u003F]*[\u0020-\u002F]*[\u0040-\u007E]|[\u0020-\u002F]*[\u0030-\u007E]|)/g;
// oxlint-disable-next-line no-control-regex -- as above
const SGR = /^\u001B\[[\d;:]*m$/;
// oxlint-disable-next-line no-control-regex -- as above
const CONTROLS = /[\u0000-\u0008\u000B-\u001A\u001C-\u001F\u007F]/g;

/** `38:2::r:g:b` as anser reads it: with semicolons, without the colour space. */
function semicolons(sequence: string): string {
  return sequence
    .replace(/([34]8):2:\d*:(\d+):(\d+):(\d+)/g, "$1;2;$2;$3;$4")
    .replace(/([34]8):([25]):/g, "$1;$2;")
    .replace(/(?<=[34]8;[25];[\d:]*):/g, ";")
    .replace(/:\d+/g, "");
}

/** Only text and SGR sequences; control characters as their pictures (␀), tabs as they are. */
export function cleaned(text: string): string {
  // oxlint-disable-next-line no-control-regex -- as above
  if (!/[\u0000-\u0008\u000B-\u001F\u007F]/.test(text)) return text;
  return text
    .replace(SEQUENCES, (sequence) => (SGR.test(sequence) ? semicolons(sequence) : ""))
    .replace(CONTROLS, (control) => String.fromCharCode(control === "\u007F" ? 0x2421 : 0x2400 + control.charCodeAt(0)));
}

/** The SGR sequences of a text, one after the other. */
export function sequencesOf(text: string): string {
  return (text.match(SEQUENCES) ?? []).filter((sequence) => SGR.test(sequence)).map(semicolons).join("");
}

const HUES = ["red", "yellow", "green", "cyan", "blue", "magenta"];

function toneOfRgb(r: number, g: number, b: number): string {
  const most = Math.max(r, g, b);
  const least = Math.min(r, g, b);
  if (most - least < 48) return most < 150 ? "dim" : "";
  const width = most - least;
  const hue = most === r ? ((g - b) / width + 6) % 6 : most === g ? (b - r) / width + 2 : (r - g) / width + 4;
  // Orange is nearer to yellow than to red for who reads it as a warning.
  return HUES[hue < 0.35 || hue >= 5.5 ? 0 : hue < 1.5 ? 1 : Math.round(hue)]!;
}

function toneOfPalette(index: number): string {
  if (index >= 232) return index < 245 ? "dim" : "";
  const level = (n: number) => (n === 0 ? 0 : 55 + n * 40);
  const at = index - 16;
  return toneOfRgb(level(Math.floor(at / 36)), level(Math.floor(at / 6) % 6), level(at % 6));
}

function toneOf(name: string | null, rgb: string | null): string {
  if (name === null) return "";
  if (name === "ansi-truecolor") {
    const [r = 0, g = 0, b = 0] = (rgb ?? "").split(",").map(Number);
    return toneOfRgb(r, g, b);
  }
  const palette = /^ansi-palette-(\d+)$/.exec(name);
  if (palette) return toneOfPalette(Number(palette[1]));
  const word = name.replace("ansi-", "").replace("bright-", "");
  return word === "black" ? "dim" : word === "white" ? "" : word;
}

const DECORATIONS = new Set(["bold", "dim", "italic", "underline", "reverse", "strikethrough"]);

function lookOf(state: AnsiState): string {
  const fg = toneOf(state.fg, state.fg_truecolor);
  const bg = state.bg === null ? "" : toneOf(state.bg, state.bg_truecolor) || "white";
  const words = state.decorations.filter((word) => DECORATIONS.has(word));
  return [...new Set([fg && `fg-${fg}`, bg && `bg-${bg}`, ...words])].filter(Boolean).join(" ");
}

type Machine = Anser & AnsiState;

/** A text with its colours, beginning with those in force before it. `text` is cleaned(). */
export function paint(text: string, from: AnsiState): { spans: Span[]; to: AnsiState } {
  if (from === PLAIN && !text.includes(ESC)) return { spans: text ? [{ text, look: "" }] : [], to: PLAIN };
  const machine = new Anser() as Machine;
  Object.assign(machine, { ...from, decorations: [...from.decorations] });
  // Piece by piece: the list of decorations that anser gives with a piece goes on changing with the next ones. The text before the
  // first sequence has one that means nothing, so that it gets what was in force.
  const spans: Span[] = [];
  for (const piece of `59m${text}`.split(`${ESC}[`)) {
    const { content } = machine.processChunkJson(piece, { json: true, use_classes: true }, true);
    machine.decorations = [...new Set(machine.decorations)];
    const look = lookOf(machine);
    const last = spans.at(-1);
    if (!content) continue;
    if (last && last.look === look) last.text += content;
    else spans.push({ text: content, look });
  }
  const { fg, bg, fg_truecolor, bg_truecolor } = machine;
  const plain = fg === null && bg === null && !machine.decorations.length;
  return { spans, to: plain ? PLAIN : { fg, bg, fg_truecolor, bg_truecolor, decorations: [...machine.decorations] } };
}

/** What is in force after `text`. */
export function carry(text: string, from: AnsiState): AnsiState {
  const sequences = sequencesOf(text);
  return sequences ? paint(sequences, from).to : from;
}

/** How far before a line colours are looked for that are still in force at it. */
export const CARRY_BYTES = 16 * 1024;

const RESET = /^(?:0*|0*;.*)$/;
const latin = new TextDecoder("latin1");

/**
 * The colours at the end of `before`, the bytes before a line (at most CARRY_BYTES of them). Rule: what was set in these bytes after
 * their last reset. It depends on these bytes alone and not on how the reader came here; a colour that was left open further back than
 * that has ended here. Most lines end with a reset: then only that is read.
 */
export function stateBefore(before: Uint8Array): AnsiState {
  const found: string[] = [];
  for (let at = before.lastIndexOf(27); at >= 0; at = at === 0 ? -1 : before.lastIndexOf(27, at - 1)) {
    if (before[at + 1] !== 0x5b) continue;
    let end = at + 2;
    while (end < before.length && before[end]! >= 0x30 && before[end]! < 0x3c) end += 1;
    if (before[end] !== 0x6d) continue;
    const parameters = latin.decode(before.subarray(at + 2, end));
    found.push(`${ESC}[${parameters}m`);
    if (RESET.test(parameters)) break;
  }
  return found.length ? carry(found.reverse().join(""), PLAIN) : PLAIN;
}
