import { Tooltip } from "radix-ui";
import type { ReactElement } from "react";

import css from "./overlay.module.css";

/** The text is made when it is shown: of the hundreds of tips of a page, few ever are. */
function Said({ text }: { text: string | (() => string) }) {
  return <>{typeof text === "string" ? text : text()}</>;
}

/** Says more about what it wraps: on hover and on focus. Never the only place where something is said. */
export function Tip({ text, children, side = "top" }: { text: string | (() => string); children: ReactElement; side?: "top" | "right" | "bottom" | "left" }) {
  if (!text) return children;
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className={css.tip} side={side} sideOffset={5} collisionPadding={8}><Said text={text} /></Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

export const TipProvider = Tooltip.Provider;
