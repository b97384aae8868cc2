import { STATES, type State, toneOf } from "@/model/states";

// The page's tokens as canvases need them. A theme's are read once.

export interface StateColors {
  /** Marks and fills. */
  solid: string;
  /** Words. */
  text: string;
  tint: string;
  /** What is drawn on the solid. */
  glyph: string;
}

export interface Colors {
  states: Record<State, StateColors>;
  ink: string;
  ink2: string;
  ink3: string;
  line: string;
  line2: string;
  edge: string;
  sel: string;
  selLine: string;
  surface: string;
  sunken: string;
  dark: boolean;
}

const kept = new Map<string, Colors>();

export function readColors(): Colors {
  const theme = document.documentElement.dataset.theme ?? "";
  const known = kept.get(theme);
  if (known) return known;
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const edge = token("edge");
  const colors: Colors = {
    states: Object.fromEntries(STATES.map((state) => {
      const tone = toneOf(state);
      if (tone === "none") return [state, { solid: edge, text: token("ink-3"), tint: token("sunken"), glyph: token("ink") }];
      return [state, { solid: token(tone), text: token(`${tone}-t`), tint: token(`${tone}-b`), glyph: token(`${tone}-g`) }];
    })) as Record<State, StateColors>,
    ink: token("ink"), ink2: token("ink-2"), ink3: token("ink-3"), line: token("line"), line2: token("line-2"), edge, sel: token("sel"),
    selLine: token("sel-line"), surface: token("surface"), sunken: token("sunken"), dark: theme === "dark",
  };
  kept.set(theme, colors);
  return colors;
}

let reader: CanvasRenderingContext2D | null = null;

/** A colour's red, green and blue. The browser reads it: a build may write `#FFFFFF` as `#fff`, and others by name. */
export function rgb(color: string): [number, number, number] {
  reader ??= document.createElement("canvas").getContext("2d")!;
  reader.fillStyle = color;
  const number = Number.parseInt(String(reader.fillStyle).slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

/** Gives a canvas this size on the page, sharp on this screen, and its context in the page's pixels; nothing is drawn on it yet. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = canvas.getContext("2d")!;
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  } else {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, w, h);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
