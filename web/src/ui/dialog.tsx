import { Dialog as Radix } from "radix-ui";
import type { ReactNode, RefObject } from "react";

import { IconButton } from "./controls";
import css from "./overlay.module.css";

interface Props {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  /** Buttons, the one that acts last. */
  foot?: ReactNode;
  /** What the reader came for has the focus when it opens; without it, the dialog itself. */
  first?: RefObject<HTMLElement | null>;
  wide?: boolean;
  drawer?: boolean;
}

/** A question or a form over the page; Esc and the veil close it, and the focus goes back to where it was. */
export function Dialog({ title, open, onClose, children, foot, first, wide, drawer }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Radix.Portal>
        {/* Not Radix.Overlay: it locks scrolling by a style element, which the content policy refuses. */}
        <div className={css.veil} aria-hidden />
        <Radix.Content
          className={drawer ? css.drawer : `${css.dialog} ${wide ? css.wide : ""}`}
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            // Unless what is in it has taken the focus. Not its first button: that is the one that closes it.
            event.preventDefault();
            (first?.current ?? (event.currentTarget as HTMLElement)).focus();
          }}
        >
          <header className={css.head}>
            <Radix.Title asChild><h2 className="ellipsis">{title}</h2></Radix.Title>
            <span className="space" />
            <Radix.Close asChild><IconButton icon="close" label="Close" /></Radix.Close>
          </header>
          <div className={css.body}>{children}</div>
          {foot && <footer className={css.foot}>{foot}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
