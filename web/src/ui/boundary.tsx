import { Component, type ReactNode } from "react";

import { ErrorNote } from "./notes";

/** A page that breaks says so in its place; the browser's reload brings the newest one. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (!this.state.error) return this.props.children;
    return <ErrorNote what="This page broke" error={this.state.error} onRetry={() => location.reload()} />;
  }
}
