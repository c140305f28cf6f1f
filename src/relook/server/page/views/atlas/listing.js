// What is in view in words, and as a list: the map for those who do not see it.

import { button, count, el, refill } from "../../parts/dom.js";

const STEP = 24;

/** "212 of 1,107 pictures in view. Most: mill (24), gate (12); 80 without a label." */
export function inWords(map) {
  const { points, camera } = map;
  const seen = points.within(camera.box());
  const counts = new Map();
  for (const i of seen) counts.set(points.label[i], (counts.get(points.label[i]) || 0) + 1);
  const none = counts.get(-1) || 0;
  counts.delete(-1);
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 4).map(([k, n]) => `${points.names[k]} (${n})`);
  const rest = none ? `${none.toLocaleString("en")} without a label.` : "";
  const named = most.length ? `Most: ${most.join(", ")}${rest ? "; " : "."}` : "";
  return `${seen.length.toLocaleString("en")} of ${count(points.count, "picture")} in view. ${named}${rest}`.trim();
}

/** A panel that lists pictures in view, those in the middle first. `acts`: map, facts, thumbnail, open(i), closed(). */
export function makeListing(acts) {
  const summary = el("p", { class: "muted small" });
  const list = el("ol", { class: "atlas-rows" });
  const more = button("Show more", { kind: "small", onclick: () => fill((length += STEP)) });
  const root = el(
    "aside",
    { class: "atlas-panel atlas-listing", "aria-label": "Pictures in view", tabindex: "-1", hidden: true },
    el("header", {}, el("h2", {}, "In view"), button("Close", { icon: "close", only: true, kind: "quiet", onclick: () => toggle(false) })),
    summary, list, more,
  );
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") toggle(false);
  });
  let length = STEP;
  let control = new AbortController();

  function toggle(on = root.hidden) {
    const back = root.contains(document.activeElement);
    root.hidden = !on;
    control.abort();
    if (on) {
      show();
      root.focus({ preventScroll: true });
    } else acts.closed(back);
  }

  /** The view changed. */
  function show() {
    if (root.hidden || root.contains(document.activeElement?.closest("li"))) return; // Not under someone's fingers.
    length = STEP;
    fill();
  }

  function fill() {
    control.abort();
    control = new AbortController();
    const { points, camera } = acts.map;
    const far = (i) => (points.x[i] - camera.x) ** 2 + (points.y[i] - camera.y) ** 2;
    const seen = [...points.within(camera.box())].sort((a, b) => far(a) - far(b));
    summary.textContent = inWords(acts.map);
    refill(list, seen.slice(0, length).map(row));
    more.hidden = seen.length <= length;
  }

  function row(i) {
    const { points } = acts.map;
    const id = points.ids[i];
    const title = el("span", { class: "text" }, acts.facts.known(id)?.name || "…");
    const { signal } = control;
    if (!acts.facts.known(id)) {
      acts.facts.get(id, signal).then(
        (picture) => (title.textContent = picture.name),
        (error) => error.name === "AbortError" || (title.textContent = `Picture ${id}`),
      );
    }
    return el("li", {},
      el("button", { type: "button", onclick: () => acts.open(i) },
        el("img", { src: acts.thumbnail(id), alt: "", loading: "lazy", width: "48", height: "48" }),
        el("span", { class: "atlas-row" }, title, el("span", { class: "muted small text" }, points.name(i) ?? "without a label")))); // prettier-ignore
  }

  return { root, toggle, show, get open() { return !root.hidden; } }; // prettier-ignore
}
