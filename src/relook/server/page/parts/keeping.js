// A small copy of what was asked about, in the tab's own storage: a reload, or a phone that put the
// tab away, does not lose it. The server knows the picture itself by its key, for some minutes.

const NAME = "relook-asked-";
const MOST = 6;
const LONGEST = 640; // Pixels of the copy.

function all() {
  const found = [];
  for (let place = 0; place < sessionStorage.length; place += 1) {
    const name = sessionStorage.key(place);
    if (name.startsWith(NAME)) found.push(Number(name.slice(NAME.length)));
  }
  return found.sort((a, b) => a - b);
}

/** A number that names no copy yet. */
export function nextToken() {
  try {
    return 1 + (all().at(-1) ?? 0);
  } catch {
    return 1;
  }
}

/** Keep a copy of a source that the server has answered about. */
export async function keep({ token, key, name, size, url }) {
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(1, LONGEST / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
    canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const copy = { key, name, size, url: canvas.toDataURL("image/jpeg", 0.8) };
    const tokens = all();
    for (const old of tokens.slice(0, Math.max(0, tokens.length - MOST + 1))) sessionStorage.removeItem(NAME + old);
    sessionStorage.setItem(NAME + token, JSON.stringify(copy));
  } catch {
    // No room, no storage, or nothing that a browser can draw: a reload asks for it again.
  }
}

/** The source of a token, as it was before a reload; null where none is kept. */
export function kept(token) {
  try {
    const copy = JSON.parse(sessionStorage.getItem(NAME + token));
    return copy && { token, file: null, opaque: false, ...copy };
  } catch {
    return null;
  }
}

export function drop(token) {
  try {
    sessionStorage.removeItem(NAME + token);
  } catch {
    // Nothing was kept, then.
  }
}

/** Forget all copies: whoever uses this tab next is somebody else. */
export function dropAll() {
  try {
    for (const token of all()) drop(token);
  } catch {
    // Nothing was kept, then.
  }
}
