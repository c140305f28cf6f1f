// What is asked about: a file that was brought here, or a picture of the collection.

import { api, ApiError, patiently } from "../api.js";
import { drop, keep, kept, nextToken } from "./keeping.js";

const KEPT = 12; // Files that back and forward can return to.
const OPAQUE = /\.(hei[cf]|tiff?|jp2|j2k|jxl|psd|dng)$/i; // Most browsers cannot show these.

/** Keep a file as something to ask about; its token stands in the address. */
export function bring(state, file) {
  const brought = (state.brought ||= { sources: new Map(), next: nextToken() });
  const token = String(brought.next++);
  const source = {
    token,
    file,
    name: file.name || "picture",
    url: URL.createObjectURL(file),
    opaque: OPAQUE.test(file.name || ""),
    key: null,
    size: null,
  };
  brought.sources.set(token, source);
  for (const [old, one] of brought.sources) {
    if (brought.sources.size <= KEPT) break;
    URL.revokeObjectURL(one.url);
    brought.sources.delete(old);
  }
  return source;
}

/** What the address asks about: `?query=TOKEN` or `?id=ID`; null where it is not known here. */
export function sourceOf(state, params) {
  if (params.has("query")) return broughtAs(state, params.get("query"));
  const id = Number(params.get("id"));
  if (!Number.isInteger(id) || id < 1) return null;
  const known = (state.indexed ||= new Map());
  if (!known.has(id)) {
    const url = api.thumbnail(id, "large");
    known.set(id, { id, token: `id${id}`, name: "", url, key: null, size: null });
  }
  return known.get(id);
}

function broughtAs(state, token) {
  const brought = (state.brought ||= { sources: new Map(), next: nextToken() });
  if (!brought.sources.has(token)) {
    const source = kept(token);
    if (source) brought.sources.set(token, source);
  }
  return brought.sources.get(token) || null;
}

/** Boxes of an address: "x,y,w,h;x,y,w,h" → [[x, y, w, h], …]. */
export function boxesOf(params) {
  return (params.get("boxes") || "")
    .split(";")
    .map((text) => text.split(",").map(Number))
    .filter((box) => box.length === 4 && box.every(Number.isFinite) && box[2] > 0 && box[3] > 0);
}

export function boxesText(boxes) {
  return boxes.map((box) => box.map(Math.round).join(",")).join(";");
}

/**
 * Ask the server about a source. It is sent once: later questions name it by its key, and it is
 * sent again where the server has forgotten that.
 */
export async function ask(path, source, fields, { signal, onWait } = {}) {
  const again = () => patiently(() => api.form(path, { ...named(source), ...fields }, { signal }), { signal, onWait });
  let answer;
  try {
    answer = await again();
  } catch (error) {
    const forgotten = error instanceof ApiError && error.status === 404 && source.key;
    if (!forgotten) throw error;
    if (!source.file) {
      drop(source.token);
      throw new ApiError(404, "That picture is not kept any more. Bring it again to search with it.");
    }
    source.key = null;
    answer = await again();
  }
  const before = source.key;
  learn(source, answer.query);
  if (answer.preview) {
    URL.revokeObjectURL(source.url);
    source.url = answer.preview;
    source.opaque = false;
  }
  if (source.file && source.key !== before && !source.opaque) keep(source);
  return answer;
}

function named(source) {
  if (source.id) return { id: source.id };
  if (source.key) return { key: source.key };
  return { image: source.file, ...(source.opaque ? { preview: "true" } : {}) };
}

/** What an answer says of its query: the key and the true size. */
export function learn(source, query) {
  if (!source.id && query.key) source.key = query.key;
  source.size = [query.width, query.height];
}

/** A plain sentence for any error, with what to do next. */
export function plain(error) {
  if (error instanceof ApiError) return error.detail;
  return "Something went wrong on this page. Reload it and try again.";
}
