import { StyleModule as Original } from "../../../node_modules/style-mod/src/style-mod.js";

// Stands where CodeMirror imports "style-mod" (vite.config.ts). That package writes into a <style> of the page, which our
// Content-Security-Policy (style-src 'self') forbids; style sheets that a script constructs are allowed.

interface Mounted {
  modules: Original[];
  sheets: CSSStyleSheet[];
}

const mounted = new WeakMap<Document | ShadowRoot, Mounted>();
const sheets = new WeakMap<Original, CSSStyleSheet>();

function sheetOf(module: Original): CSSStyleSheet {
  let sheet = sheets.get(module);
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(module.getRules());
    sheets.set(module, sheet);
  }
  return sheet;
}

/** The order after `wanted` were mounted: they stand in their order, what was there before keeps its place among them. */
export function inOrder<M>(there: readonly M[], wanted: readonly M[]): M[] {
  const order = [...there];
  let at = 0;
  for (const module of wanted) {
    let index = order.indexOf(module);
    if (index >= 0 && index < at) {
      order.splice(index, 1);
      at -= 1;
      index = -1;
    }
    if (index < 0) order.splice(at, 0, module);
    else at = index;
    at += 1;
  }
  return order;
}

export class StyleModule extends Original {
  static override mount(root: Document | ShadowRoot, modules: Original | readonly Original[]): void {
    const before = mounted.get(root) ?? { modules: [], sheets: [] };
    const order = inOrder(before.modules, Array.isArray(modules) ? modules : [modules as Original]);
    if (order.length === before.modules.length && order.every((module, index) => module === before.modules[index])) return;
    const ours = order.map(sheetOf);
    mounted.set(root, { modules: order, sheets: ours });
    const old = new Set(before.sheets);
    root.adoptedStyleSheets = [...ours, ...root.adoptedStyleSheets.filter((sheet) => !old.has(sheet))];
  }
}
