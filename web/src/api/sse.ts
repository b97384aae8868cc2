// Server-sent events as the HTML standard frames them (html.spec.whatwg.org, 9.2.6). Our own reader instead of EventSource: that
// one hides pings, without which nobody can tell a quiet stream from a dead one, and the status of a refusal.

export interface SseMessage {
  type: string;
  data: string;
  id: string;
}

/** Feed it the bytes' text as it comes; a comment or a line of any kind counts as a sign of life for the caller. */
export class SseReader {
  private rest = "";
  private type = "";
  private data: string[] = [];
  /** The newest id, of a message or of a ping. */
  lastId = "";

  constructor(private readonly hear: (message: SseMessage) => void) {}

  push(text: string): void {
    this.rest += text;
    // A carriage return at the end may be half of a line's end: the rest tells.
    const ready = this.rest.endsWith("\r") ? this.rest.slice(0, -1) : this.rest;
    const lines = ready.split(/\r\n|\n|\r/);
    this.rest = lines.pop()! + this.rest.slice(ready.length);
    for (const line of lines) this.line(line);
  }

  private line(line: string): void {
    if (line === "") return this.end();
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (name === "event") this.type = value;
    else if (name === "data") this.data.push(value);
    else if (name === "id" && !value.includes("\0")) this.lastId = value;
  }

  private end(): void {
    if (this.data.length) this.hear({ type: this.type || "message", data: this.data.join("\n"), id: this.lastId });
    this.type = "";
    this.data = [];
  }
}
