// What is said of a result, in words and marks.

import { button, count, day, el, icon } from "./dom.js";

/** "similarity 0.28"; "" where several boxes were asked for at once. */
export function similar(similarity) {
  return Number.isFinite(similarity) ? `similarity ${similarity.toFixed(2)}` : "";
}

/** The mark of a verified result: an icon and words, not a color alone. */
export function verifiedMark(hit) {
  if (!hit.verified) return null;
  const [number, noun] = count(hit.inliers, "match", "matches").split(" ");
  const words = [el("span", { class: "long" }, "verified · "), number, el("span", { class: "long" }, ` ${noun}`)];
  return el("span", { class: "badge good", title: `verified · ${number} ${noun}` }, icon("verified"), el("span", {}, words));
}

/** What a screen reader says of a result. */
export function spoken(hit) {
  const parts = [`Result ${hit.rank}: ${hit.image.name}`];
  if (hit.verified) parts.push(`verified, ${count(hit.inliers, "match", "matches")}`);
  if (similar(hit.similarity)) parts.push(similar(hit.similarity));
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
