// What is asked about: a file that was brought here, or a picture of the collection.

import { api, ApiError, patiently } from "../api.js";

const KEPT = 12; // Files that back and forward can return to.
const OPAQUE = /\.(hei[cf]|tiff?|jp2|j2k|jxl|psd|dng)$/i; // Most browsers cannot show these.

/** Keep a file as something to ask about; its token stands in the address. */
export function bring(state, file) {
  const kept = (state.brought ||= { sources: new Map(), next: 1 });
  const token = String(kept.next++);
  const source = {
    token,
    file,
    name: file.name || "picture",
    url: URL.createObjectURL(file),
    opaque: OPAQUE.test(file.name || ""),
    key: null,
    size: null,
  };
  kept.sources.set(token, source);
  for (const [old, one] of kept.sources) {
    if (kept.sources.size <= KEPT) break;
    URL.revokeObjectURL(one.url);
    kept.sources.delete(old);
  }
  return source;
}

/** What the address asks about: `?query=TOKEN` or `?id=ID`; null where it is not known here. */
export function sourceOf(state, params) {
  if (params.has("query")) return state.brought?.sources.get(params.get("query")) || null;
  const id = Number(params.get("id"));
  if (!Number.isInteger(id) || id < 1) return null;
  const known = (state.indexed ||= new Map());
  if (!known.has(id)) {
    const url = api.thumbnail(id, "large");
    known.set(id, { id, token: `id${id}`, name: "", url, key: null, size: null });
  }
  return known.get(id);
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
    const forgotten = error instanceof ApiError && error.status === 404 && source.key && source.file;
    if (!forgotten) throw error;
    source.key = null;
    answer = await again();
  }
  learn(source, answer.query);
  if (answer.preview) {
    URL.revokeObjectURL(source.url);
    source.url = answer.preview;
    source.opaque = false;
  }
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
