import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const SOURCE = resolve(import.meta.dirname, "../..");
export const BINARY = resolve(process.env.MILLRACE_BINARY ?? join(SOURCE, "build/release/millrace"));

function freePort(): Promise<number> {
  return new Promise((give, fail) => {
    const server = createServer();
    server.on("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => give(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Asks again until `look` has something to say; the guard is generous, no test depends on how long it takes. */
export async function until<T>(what: string, look: () => Promise<T | undefined | null | false>, seconds = 90): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

/** A real daemon on a data folder of its own, with the flights example's DAGs and those that a journey writes. */
export class Daemon {
  readonly root = mkdtempSync(join(tmpdir(), "millrace-journey-"));
  readonly data = join(this.root, "data");
  readonly dags = join(this.root, "examples/flights/dags");
  port = 0;
  private process: ChildProcess | null = null;

  /** `before`: what is written into its folders before it starts, such as a change of the example's DAGs. */
  static async start(options: { flights?: boolean; config?: string; before?: (daemon: Daemon) => void } = {}): Promise<Daemon> {
    const daemon = new Daemon();
    mkdirSync(daemon.dags, { recursive: true });
    if (options.flights) {
      // The DAGs are copied, since journeys edit them; they find tasks, data and Python where they expect them.
      cpSync(join(SOURCE, "examples/flights/dags"), daemon.dags, { recursive: true });
      for (const name of ["tasks", "data"]) symlinkSync(join(SOURCE, "examples/flights", name), join(daemon.root, "examples/flights", name));
      symlinkSync(join(SOURCE, ".venv"), join(daemon.root, ".venv"));
    }
    writeFileSync(join(daemon.root, "millrace.yaml"), options.config ?? "cpu: 8\npools: {cpu: 8}\n");
    options.before?.(daemon);
    daemon.port = await freePort();
    await daemon.up();
    return daemon;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get token(): string {
    return readFileSync(join(this.data, "admin.token"), "utf8").trim();
  }

  async up(): Promise<void> {
    const log = openSync(join(this.root, "daemon.log"), "a");
    this.process = spawn(BINARY, ["serve", "--data", this.data, "--dags", this.dags, "--config", join(this.root, "millrace.yaml"),
      "--listen", `127.0.0.1:${this.port}`], { stdio: ["ignore", log, log], cwd: this.root });
    closeSync(log);
    await until("the daemon to answer", async () => {
      if (this.process?.exitCode !== null) throw new Error(`the daemon ended:\n${readFileSync(join(this.root, "daemon.log"), "utf8").slice(-2000)}`);
      return fetch(`${this.url}/api/v2/monitor/health`).then((answer) => answer.ok, () => false);
    });
  }

  /** kill -9, as a power switch would. */
  async kill(): Promise<void> {
    const process = this.process;
    this.process = null;
    if (!process || process.exitCode !== null) return;
    const gone = new Promise((wake) => process.once("exit", wake));
    process.kill("SIGKILL");
    await gone;
  }

  async close(): Promise<void> {
    const process = this.process;
    this.process = null;
    if (process && process.exitCode === null) {
      const gone = new Promise((wake) => process.once("exit", wake));
      process.kill("SIGTERM");
      await gone;
    }
    // Tasks that are just ending may still write there.
    if (existsSync(this.root)) rmSync(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }

  /** What it answers, as it is. */
  async text(method: string, path: string, body?: unknown): Promise<string> {
    const text = typeof body === "string";
    const answer = await fetch(`${this.url}${path.startsWith("/auth") ? "" : "/api/v2"}${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { "Content-Type": text ? "text/yaml" : "application/json" }) },
      ...(body === undefined ? {} : { body: text ? body : JSON.stringify(body) }),
    });
    const said = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said.slice(0, 500)}`);
    return said;
  }

  async call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    return JSON.parse((await this.text(method, path, body)) || "{}") as T;
  }

  /** Puts a DAG in force. */
  async submit(yaml: string): Promise<void> {
    await this.call("POST", "/dags", yaml);
  }

  async trigger(dagId: string, body: Record<string, unknown> = {}): Promise<string> {
    const run = await this.call<{ dag_run_id: string }>("POST", `/dags/${dagId}/dagRuns`, { logical_date: null, ...body });
    return run.dag_run_id;
  }

  async finished(dagId: string, runId: string): Promise<string> {
    return until(`run ${runId} to end`, async () => {
      const run = await this.call<{ state: string }>("GET", `/dags/${dagId}/dagRuns/${encodeURIComponent(runId)}`);
      return ["success", "failed"].includes(run.state) && run.state;
    });
  }

  /** A link that signs a browser in, once. */
  async loginLink(): Promise<string> {
    return (await this.call<{ url: string }>("POST", "/auth/links")).url;
  }
}
