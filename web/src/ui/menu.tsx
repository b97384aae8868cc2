import { DropdownMenu } from "radix-ui";
import type { ReactElement } from "react";

import { Icon, type IconName } from "./icon";
import css from "./overlay.module.css";

export type MenuEntry =
  | { kind?: "item"; label: string; icon?: IconName; danger?: boolean; disabled?: boolean; checked?: boolean; act: () => void }
  | { kind: "label"; label: string }
  | { kind: "line" };

/** `children` is the button that opens it. */
export function Menu({ entries, children, align = "end" }: { entries: MenuEntry[]; children: ReactElement; align?: "start" | "end" }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={css.menu} align={align} sideOffset={5} collisionPadding={8}>
          {entries.map((entry, index) => {
            if (entry.kind === "line") return <DropdownMenu.Separator key={index} className={css.line} />;
            if (entry.kind === "label") return <DropdownMenu.Label key={index} className={css.label}>{entry.label}</DropdownMenu.Label>;
            return (
              <DropdownMenu.Item
                key={index}
                className={`${css.item} ${entry.danger ? css.danger : ""}`}
                disabled={entry.disabled ?? false}
                onSelect={entry.act}
              >
                {entry.icon && <Icon name={entry.icon} size={14} />}
                {entry.label}
                {entry.checked && <><span className="space" /><Icon name="check" size={14} /><span className="hidden">chosen</span></>}
              </DropdownMenu.Item>
            );
          })}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
