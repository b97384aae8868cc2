import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";

// The built pages with answers that never change, over HTTP: a shared worker's requests can't be answered within the browser.

export interface Recorded {
  /** The moment at which all was read; milliseconds since 1970. */
  now: number;
  /** "GET /path?query": its answer. */
  answers: Record<string, { status: number; type: string; headers?: Record<string, string>; text?: string; base64?: string }>;
}

/** The name of a request's answer; a query's order says nothing. */
export function nameOf(method: string, target: string): string {
  const url = new URL(target, "http://any");
  url.searchParams.sort();
  return `${method} ${url.pathname}${url.search}`;
}

const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
/** A log, which is asked for by ranges. */
export const LOG = /\/logs\/\d+$/;
export const ASKS = /^\/(api|auth|events|openapi\.json)\b/;

export class PictureServer {
  /** Requests that nothing was recorded for. */
  readonly unknown = new Set<string>();
  private server: Server | null = null;
  origin = "";
  private askedAt = 0;

  constructor(private readonly dist: string, private readonly recorded: Recorded) {}

  async start(): Promise<void> {
    this.server = createServer((request, response) => this.answer(request, response));
    await new Promise<void>((ready) => void this.server!.listen(0, "127.0.0.1", ready));
    const address = this.server.address();
    if (typeof address === "object" && address) this.origin = `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((done) => this.server?.close(done));
  }

  /** Once nobody has asked for anything for so long: the page has what it wants. */
  async quiet(ms: number): Promise<void> {
    for (let left = ms; left > 0; left = this.askedAt + ms - Date.now()) await new Promise((wake) => setTimeout(wake, left));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    this.askedAt = Date.now();
    const [method, target] = [request.method ?? "GET", request.url ?? "/"];
    const { pathname, searchParams } = new URL(target, "http://any");
    if (pathname === "/events" && searchParams.has("topics")) {
      // It stays open, and nothing happens.
      response.writeHead(200, { "Content-Type": "text/event-stream" }).write("retry: 3000\nid: 1\n\n");
    } else if (ASKS.test(pathname)) this.recall(nameOf(method, target), request.headers.range, response);
    else this.file(pathname, response);
  }

  private recall(name: string, range: string | undefined, response: ServerResponse): void {
    const found = this.recorded.answers[name];
    if (!found) this.unknown.add(name);
    const { status, type, headers, text, base64 } = found ?? { status: 404, type: "application/json", text: JSON.stringify({ detail: `nothing was recorded for ${name}` }) };
    const bytes = base64 === undefined ? Buffer.from(text ?? "") : Buffer.from(base64, "base64");
    const asked = /^bytes=(\d+)-(\d+)$/.exec(range ?? "");
    if (!asked) {
      response.writeHead(status, { ...headers, "Content-Type": type }).end(bytes);
      return;
    }
    const part = bytes.subarray(Number(asked[1]), Number(asked[2]) + 1);
    const place = part.length ? `${asked[1]}-${Number(asked[1]) + part.length - 1}` : "*";
    response.writeHead(part.length ? 206 : 416, { ...headers, "Content-Type": type, "Content-Range": `bytes ${place}/${bytes.length}` }).end(part);
  }

  private file(pathname: string, response: ServerResponse): void {
    const name = extname(pathname) ? normalize(pathname) : "/index.html";
    try {
      const bytes = readFileSync(join(this.dist, name));
      response.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream", "Cache-Control": "max-age=600" }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }
}
