// The REST interface under api/v1. All calls throw ApiError, and AbortError where a signal stops them.

const base = new URL("api/v1/", document.baseURI).href;
let whenUnauthorized = () => {};
let whenUnreachable = () => {};

/** An answer other than success: status 0 means that the server could not be reached. */
export class ApiError extends Error {
  constructor(status, detail, retryAfter = null) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }
}

/** The sentence shown where the server sent none of its own. */
function sentence(status) {
  if (status === 401) return "Please sign in.";
  if (status === 404) return "This is not in the collection any more.";
  if (status === 413) return "This picture is too large for the server.";
  if (status === 415) return "This file is not a picture that can be read.";
  if (status === 429) return "Too many requests at once. Wait a moment and try again.";
  if (status === 503) return "The server is busy. Try again in a moment.";
  return `The server answered with status ${status}.`;
}

/** What the server says in half a line becomes a sentence: "the disk is full" → "The disk is full." */
export function asSentence(text) {
  const trimmed = text.trim();
  return trimmed && `${trimmed[0].toUpperCase()}${trimmed.slice(1)}${/[.!?…]$/.test(trimmed) ? "" : "."}`;
}

async function failure(response) {
  let detail = null;
  try {
    const problem = await response.json();
    if (typeof problem.detail === "string") detail = asSentence(problem.detail);
  } catch {
    // No JSON: a proxy in between, perhaps.
  }
  const seconds = Number(response.headers.get("Retry-After"));
  return new ApiError(response.status, detail || sentence(response.status), seconds > 0 ? seconds : null);
}

async function call(method, path, { body, headers, signal } = {}) {
  let response;
  try {
    response = await fetch(base + path.replace(/^\//, ""), {
      method,
      body,
      headers: { Accept: "application/json", ...headers },
      signal,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    whenUnreachable();
    throw new ApiError(0, "The server cannot be reached. Is it still running?");
  }
  if (!response.ok) {
    const error = await failure(response);
    if (error.status === 401 && path !== "session") whenUnauthorized(error);
    throw error;
  }
  if (response.status === 204) return null;
  return response.json();
}

/** {a: 1, b: [2, 3], c: null} as "a=1&b=2&b=3". */
export function query(fields) {
  const search = new URLSearchParams();
  for (const [name, value] of entries(fields)) search.append(name, value);
  return search.toString();
}

/** Arrays are repeated; null, undefined and "" are left out; other values become text. */
function* entries(fields) {
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one === null || one === undefined || one === "") continue;
      yield [name, one];
    }
  }
}

export const api = {
  /** GET: `api.get("images", {limit: 60, labels: ["a", "b"]}, {signal})`. */
  get(path, fields = {}, options = {}) {
    const search = query(fields);
    return call("GET", search ? `${path}?${search}` : path, options);
  },

  /** POST, PUT or DELETE, with a body of JSON or none. */
  send(method, path, json, options = {}) {
    const body = json === undefined ? undefined : JSON.stringify(json);
    const headers = body === undefined ? {} : { "Content-Type": "application/json" };
    return call(method, path, { ...options, body, headers });
  },

  /** POST of multipart/form-data. Files and blobs may be values; boxes are JSON text. */
  form(path, fields, options = {}) {
    const body = new FormData();
    for (const [name, value] of entries(fields)) {
      if (value instanceof Blob) body.append(name, value, value.name || "picture");
      else body.append(name, String(value));
    }
    return call("POST", path, { ...options, body });
  },

  /** Address of a thumbnail: "small" (320 pixels) or "large" (1280 pixels on the longer side). */
  thumbnail(id, size = "small") {
    return `${base}images/${id}/thumbnail?size=${size}`;
  },

  /** Follow a job; `onJob(job, ended)` gets every state. The answer stops it. */
  events(id, onJob) {
    const source = new EventSource(`${base}jobs/${encodeURIComponent(id)}/events`);
    source.addEventListener("progress", (event) => onJob(JSON.parse(event.data), false));
    source.addEventListener("end", (event) => {
      source.close();
      onJob(JSON.parse(event.data), true);
    });
    return () => source.close();
  },

  /** Who is told when an answer is 401. */
  onUnauthorized(action) {
    whenUnauthorized = action;
  },

  /** Who is told when a request did not reach the server. */
  onUnreachable(action) {
    whenUnreachable = action;
  },
};

/** Ask again while the server is busy (503, 429), as it says; `onWait(seconds, error)` before each wait. */
export async function patiently(ask, { signal, onWait = () => {}, tries = 5 } = {}) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const busy = error instanceof ApiError && (error.status === 503 || error.status === 429);
      if (!busy || attempt === tries) throw error;
      const seconds = Math.min(error.retryAfter || attempt, 30);
      onWait(seconds, error);
      await pause(seconds * 1000, signal);
    }
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });
}
