// What is said of a result, in words and marks.

import { button, count, day, el, icon } from "./dom.js";

/**
 * A similarity in words; "" of none, and of one too small to tell anything. That of whole pictures
 * reads as a share; that of their details ("local") is small even for the same thing.
 */
export function similar(similarity, kind) {
  if (!(similarity >= 0.01)) return "";
  return kind === "local" ? `similarity ${similarity.toFixed(2)}` : `${Math.round(100 * similarity)}% similar`;
}

/** The mark of a verified result: an icon and words, not a color alone. */
export function verifiedMark(hit) {
  if (!hit.verified) return null;
  return el("span", { class: "badge good" }, icon("verified"), `verified · ${count(hit.inliers, "match", "matches")}`);
}

/** What a screen reader says of a result. */
export function spoken(hit, kind) {
  const parts = [`Result ${hit.rank}: ${hit.image.name}`];
  if (hit.verified) parts.push(`verified, ${count(hit.inliers, "match", "matches")}`);
  if (similar(hit.similarity, kind)) parts.push(similar(hit.similarity, kind));
  if (hit.image.labels.length) parts.push(`labels ${hit.image.labels.join(", ")}`);
  return parts.join(", ");
}

/** Facts of a picture as a list of terms: name, folder, date, place, size. */
export function facts(picture) {
  const folder = picture.path.slice(0, -picture.name.length).replace(/\/$/, "");
  const place = picture.latitude === null ? "" : `${picture.latitude.toFixed(4)}, ${picture.longitude.toFixed(4)}`;
  const rows = [
    ["Name", picture.name],
    ["Folder", folder],
    ["Taken", day(picture.taken)],
    ["Place", place],
    ["Size", `${picture.width} × ${picture.height}`],
  ];
  const shown = rows.filter(([, value]) => value);
  return el("dl", { class: "facts" }, shown.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))));
}

/** Two buttons that mark a result right or wrong; `marks` is a Map of id → "right" or "wrong". */
export function markButtons(hit, marks, onMark, { only = true, ...attributes } = {}) {
  const one = (value, text) =>
    button(text, {
      icon: value,
      only,
      ...attributes,
      dataset: { mark: value },
      "aria-pressed": String(marks.get(hit.image.id) === value),
      onclick: () => onMark(hit, marks.get(hit.image.id) === value ? null : value),
    });
  return [one("right", only ? "Mark as right" : "Right"), one("wrong", only ? "Mark as wrong" : "Wrong")];
}
