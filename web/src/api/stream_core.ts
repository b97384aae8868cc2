import { matchesTopic, parseEvent, type StreamEvent } from "./events";
import { SseReader } from "./sse";

// One stream for all tabs: over HTTP/1.1 a browser gives an origin six connections. This is what runs in the SharedWorker, or in
// the page itself where there is none. Its surroundings are arguments, so that a test has them too.

export type Liveness = "connecting" | "live" | "offline";

export interface Status {
  liveness: Liveness;
  /** When the stream last said anything, a ping included; milliseconds since 1970. */
  heardAt: number | null;
  /** Since when it hasn't been live. */
  lostAt: number | null;
  /** When the next try is. */
  retryAt: number | null;
  tabs: number;
}
export type ToTab = { kind: "event"; event: StreamEvent } | { kind: "status"; status: Status };
export type ToCore = { kind: "topics"; topics: string[] } | { kind: "bye" } | { kind: "retry" };

export interface Surroundings {
  /** Reads the URL until it ends or `signal` aborts, giving `hear` the text as it comes. Throws when it can't be had. */
  read(url: string, hear: (text: string) => void, signal: AbortSignal): Promise<void>;
  now(): number;
  /** Returns what takes it back. */
  after(ms: number, act: () => void): () => void;
}

const TOGETHER_MS = 30; // a page that opens asks for its topics one after the other
const RETRY_MS = 3000;
const SILENCE_MS = 40_000; // the daemon says something each 15 s; a network that drops a connection says nothing
const MAX_TOPICS = 64; // the daemon's limit for a reader
/** A page may show what it read so long ago (the queries' staleTime, and the while until its topic is heard) without asking again. */
const READ_MS = 3000;

export class StreamCore<Tab> {
  private topics = new Map<Tab, string[]>();
  private reading: AbortController | null = null;
  private open: string[] = [];
  /** The topics of which all up to `lastId` has been told. */
  private covered: string[] = [];
  private lastId = "";
  /** Ids with when they were heard, oldest first: the newest that is older than READ_MS, and all after it. */
  private heardIds: { id: string; at: number }[] = [];
  private status: Status = { liveness: "connecting", heardAt: null, lostAt: null, retryAt: null, tabs: 0 };
  private cancelOpen: (() => void) | null = null;
  private cancelSilence: (() => void) | null = null;

  constructor(private readonly around: Surroundings, private readonly tell: (tab: Tab, message: ToTab) => void) {}

  hear(tab: Tab, message: ToCore): void {
    if (message.kind === "retry") {
      if (this.status.liveness !== "live") this.reopen(0);
      return;
    }
    if (message.kind === "bye") this.topics.delete(tab);
    else this.topics.set(tab, message.topics);
    this.say({ tabs: this.topics.size });
    if (String(this.wanted()) !== String(this.open)) this.reopen(TOGETHER_MS);
  }

  private wanted(): string[] {
    const all = [...new Set([...this.topics.values()].flat())].sort();
    // More than a reader may have: they are all within this one, and matchesTopic() gives each page its own.
    return all.length > MAX_TOPICS ? ["events"] : all;
  }

  /** Where the stream goes on: a topic that is new begins a little before what its page may have read. */
  private resumeFrom(): string {
    this.forget();
    const grown = this.open.some((topic) => !this.covered.includes(topic));
    return (grown && this.heardIds[0]?.id) || this.lastId;
  }

  /** Whether an event comes a second time, since another topic begins before it. */
  private repeats(): (event: StreamEvent) => boolean {
    const [covered, last] = [this.covered, Number(this.lastId)];
    return (event) => event.id !== null && event.id <= last && covered.some((topic) => matchesTopic(topic, event));
  }

  /** `last`: the id up to which the stream before had told. */
  private heardId(id: string, last: number): void {
    if (Number(id) >= last) this.covered = this.open;
    if (Number(id) <= Number(this.lastId)) return;
    this.lastId = id;
    this.heardIds.push({ id, at: this.around.now() });
    this.forget();
  }

  private forget(): void {
    const old = this.around.now() - READ_MS;
    while (this.heardIds.length > 1 && this.heardIds[1]!.at <= old) this.heardIds.shift();
  }

  private reopen(delay: number): void {
    this.cancelOpen?.();
    this.cancelOpen = this.around.after(delay, () => void this.connect());
  }

  private async connect(): Promise<void> {
    this.cancelOpen?.();
    this.reading?.abort();
    this.cancelSilence?.();
    this.open = this.wanted();
    this.reading = null;
    if (!this.open.length) return this.say({ liveness: "connecting", retryAt: null });
    const mine = new AbortController();
    this.reading = mine;
    const [repeats, last] = [this.repeats(), Number(this.lastId)];
    const reader = new SseReader(({ type, data, id }) => {
      const event = parseEvent(type, id, data);
      // What was heard may be of another daemon's record.
      if (event?.type === "reset") [this.lastId, this.heardIds, this.covered] = ["", [], this.open];
      if (event && !repeats(event)) for (const tab of this.topics.keys()) this.tell(tab, { kind: "event", event });
    });
    const from = this.resumeFrom();
    const resume = from ? `&last_event_id=${encodeURIComponent(from)}` : "";
    try {
      await this.around.read(`/events?merge=true&topics=${this.open.map(encodeURIComponent).join(",")}${resume}`, (text) => {
        if (mine.signal.aborted) return;
        reader.push(text);
        if (reader.lastId) this.heardId(reader.lastId, last);
        this.heard(mine);
      }, mine.signal);
    } catch {
      // Refused or broken off: the same to a page, which goes on with what it has.
    }
    if (!mine.signal.aborted) this.lost();
  }

  private heard(mine: AbortController): void {
    this.say({ liveness: "live", heardAt: this.around.now(), lostAt: null, retryAt: null });
    this.cancelSilence?.();
    this.cancelSilence = this.around.after(SILENCE_MS, () => {
      mine.abort();
      this.lost();
    });
  }

  private lost(): void {
    this.reading = null;
    const now = this.around.now();
    this.say({ liveness: "offline", lostAt: this.status.lostAt ?? now, retryAt: now + RETRY_MS });
    this.reopen(RETRY_MS);
  }

  private say(changes: Partial<Status>): void {
    this.status = { ...this.status, ...changes };
    for (const tab of this.topics.keys()) this.tell(tab, { kind: "status", status: this.status });
  }
}

/** The surroundings of a browser. */
export const browser: Surroundings = {
  async read(url, hear, signal) {
    const response = await fetch(url, { headers: { Accept: "text/event-stream" }, signal, cache: "no-store", credentials: "same-origin" });
    if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`);
    const text = response.body.pipeThrough(new TextDecoderStream());
    const reader = text.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      hear(value);
    }
  },
  now: () => Date.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};
