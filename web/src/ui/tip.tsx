import { Tooltip } from "radix-ui";
import type { ReactElement } from "react";

import css from "./overlay.module.css";

/** Says more about what it wraps: on hover and on focus. Never the only place where something is said. */
export function Tip({ text, children, side = "top" }: { text: string; children: ReactElement; side?: "top" | "right" | "bottom" | "left" }) {
  if (!text) return children;
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className={css.tip} side={side} sideOffset={5} collisionPadding={8}>{text}</Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

export const TipProvider = Tooltip.Provider;
