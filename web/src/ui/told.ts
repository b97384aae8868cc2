/** What tells when it has changed: the half of useSyncExternalStore that isn't React's. */
export class Told {
  /** Grows with each change. */
  version = 0;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  tell(): void {
    this.version += 1;
    for (const each of this.listeners) each();
  }
}
