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

/**
 * Gives a canvas this size on the page, sharp on this screen, and its context in the page's pixels; nothing is drawn on it yet.
 * `step`: its size goes up in such steps, so that one that changes a little each time isn't made anew each time.
 */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number, step = 1): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  const [wide, high] = [Math.ceil(width / step) * step, Math.ceil(height / step) * step];
  const [w, h] = [Math.round(wide * ratio), Math.round(high * ratio)];
  const context = canvas.getContext("2d")!;
  const fits = step > 1 ? canvas.width >= w && canvas.height >= h && canvas.width * canvas.height <= 2 * w * h : canvas.width === w && canvas.height === h;
  if (!fits || canvas.dataset.ratio !== String(ratio)) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${wide}px`;
    canvas.style.height = `${high}px`;
    canvas.dataset.ratio = String(ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
  } else {
    context.clearRect(0, 0, canvas.width / ratio, canvas.height / ratio);
  }
  return context;
}
