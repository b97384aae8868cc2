// @vitest-environment happy-dom
import { cleanup, fireEvent, render } from "@testing-library/react";
import { useRef } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { setPreferences } from "./preferences";
import { useFilterKey, useRowKeys } from "./rows";

const triggered = vi.fn<(row: string) => void>();

function List() {
  const box = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useFilterKey(field);
  useRowKeys(box, [{ keys: "t", says: "Trigger", act: triggered }]);
  return (
    <div ref={box}>
      <input ref={field} aria-label="filter" />
      {["one", "two", "three"].map((name) => <p key={name} data-row={name}><a href={`#${name}`}>{name}</a><button type="button">more</button></p>)}
    </div>
  );
}

const press = (key: string) => fireEvent.keyDown(document.activeElement ?? document.body, { key, code: key });
const focused = () => document.activeElement?.textContent;

beforeEach(() => {
  triggered.mockReset();
  Element.prototype.scrollIntoView = vi.fn();
  setPreferences({ letters: true });
  render(<List />);
});
afterEach(cleanup);

it("goes down and up the rows, and stays within them", () => {
  press("j");
  expect(focused()).toBe("one");
  press("j");
  press("j");
  press("j");
  expect(focused()).toBe("three");
  press("k");
  expect(focused()).toBe("two");
});

it("acts on the row with the focus, and on none without", () => {
  press("t");
  expect(triggered).not.toHaveBeenCalled();
  press("j");
  press("j");
  press("t");
  expect(triggered).toHaveBeenCalledExactlyOnceWith("two");
});

it("goes to the filter, where letters are letters", () => {
  press("/");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("filter");
  press("j");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("filter");
});

it("is silent when single letters are switched off", () => {
  setPreferences({ letters: false });
  press("j");
  expect(document.activeElement).toBe(document.body);
});
