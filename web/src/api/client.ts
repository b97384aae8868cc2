import type { paths } from "./schema";

// A typed fetch over the paths of the OpenAPI document: paths, parameters, bodies and answers are checked by the compiler.

type Method = "get" | "post" | "put" | "patch" | "delete";
type Operation<P extends keyof paths, M extends Method> = paths[P][M];
export type PathsOf<M extends Method> = { [P in keyof paths]: Operation<P, M> extends { responses: unknown } ? P : never }[keyof paths];
type Content<R> = R extends { content: { "application/json": infer B } } ? B : never;
type Good<O> = O extends { responses: infer R } ? Content<R[keyof R & (200 | 201 | 202)]> : never;
type Given<O, K extends "path" | "query"> = O extends { parameters: infer A } ? (K extends keyof A ? A[K] : undefined) : undefined;
type Sent<O> = O extends { requestBody?: infer B } ? Content<NonNullable<B>> : never;

/** What `method path` answers when all is well. */
export type Answer<P extends keyof paths, M extends Method = "get"> = Good<Operation<P, M>>;
/** The body that `method path` takes. */
export type Body<P extends keyof paths, M extends Method = "post"> = Sent<Operation<P, M>>;
export type Query<P extends keyof paths, M extends Method = "get"> = NonNullable<Given<Operation<P, M>, "query">>;

export interface Options<P extends keyof paths, M extends Method> {
  path?: NonNullable<Given<Operation<P, M>, "path">>;
  query?: Query<P, M>;
  body?: Sent<Operation<P, M>>;
  /** Text of another type instead of a JSON body: a DAG file. */
  text?: { type: string; text: string };
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** One thing that is wrong with what was sent; `loc` names it as the API does. */
export interface Fault {
  loc?: (string | number)[];
  line?: number;
  column?: number;
  msg: string;
  hint?: string;
}

/** What the API said instead of an answer: a text for a person, and where. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string = "",
    readonly hint: string = "",
    readonly errors: Fault[] = [],
    readonly requestId: string = "",
    /** The whole body, for the answers that carry more (409 of a moved preview). */
    readonly body: unknown = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export function urlOf(path: string, pieces: Record<string, unknown> = {}, query: Record<string, unknown> = {}): string {
  const at = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(pieces[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === "") continue;
    for (const each of Array.isArray(value) ? value : [value]) search.append(name, String(each));
  }
  // The daemon takes a plus as a plus, for the sake of offsets like +00:00 that are typed by hand.
  const text = search.toString().replaceAll("+", "%20");
  return text ? `${at}?${text}` : at;
}

/** A sentence of the API for whatever went wrong. */
export async function errorOf(response: Response): Promise<ApiError> {
  let body: Record<string, unknown> = {};
  try {
    body = (await response.json()) as Record<string, unknown>;
  } catch {
    // Not from the API: a proxy between, or a connection that ended early.
  }
  const detail = typeof body.detail === "string" ? body.detail : typeof body.message === "string" ? body.message : "";
  return new ApiError(
    response.status,
    detail || `the daemon answered ${response.status} ${response.statusText}`,
    String(body.code ?? ""),
    String(body.hint ?? ""),
    Array.isArray(body.errors) ? (body.errors as Fault[]) : [],
    response.headers.get("x-request-id") ?? "",
    body,
  );
}

export async function request(url: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "the daemon can't be reached", "unreachable", "Is it running? The page tries again by itself.");
  }
  if (response.ok) return response;
  if (response.status === 401 && !location.pathname.startsWith("/login")) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  throw await errorOf(response);
}

async function call<M extends Method, P extends PathsOf<M>>(method: M, path: P, options: Options<P, M> = {}): Promise<Answer<P, M>> {
  const { path: pieces, query, body, text, headers, signal } = options;
  const init: RequestInit = { method: method.toUpperCase(), headers: { Accept: "application/json", ...headers } };
  if (signal) init.signal = signal;
  if (text) {
    init.body = text.text;
    init.headers = { ...init.headers, "Content-Type": text.type };
  } else if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, "Content-Type": "application/json" };
  }
  const response = await request(urlOf(path, pieces as Record<string, unknown>, query as Record<string, unknown>), init);
  return (response.status === 204 ? undefined : await response.json()) as Answer<P, M>;
}

export const api = {
  get: <P extends PathsOf<"get">>(path: P, options?: Options<P, "get">) => call("get", path, options),
  put: <P extends PathsOf<"put">>(path: P, options?: Options<P, "put">) => call("put", path, options),
  patch: <P extends PathsOf<"patch">>(path: P, options?: Options<P, "patch">) => call("patch", path, options),
  delete: <P extends PathsOf<"delete">>(path: P, options?: Options<P, "delete">) => call("delete", path, options),
  /** With an Idempotency-Key, so that a second try of a lost answer does nothing twice. */
  post: <P extends PathsOf<"post">>(path: P, options: Options<P, "post"> = {}) =>
    call("post", path, { ...options, headers: { "Idempotency-Key": crypto.randomUUID(), ...options.headers } }),
  /** A POST that changes nothing, such as a dry run: without a key, which would be kept for a day. */
  ask: <P extends PathsOf<"post">>(path: P, options: Options<P, "post"> = {}) => call("post", path, options),
};
