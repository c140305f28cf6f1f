// What is said where there is no map yet, and while one is being drawn.

import { button, count, el, empty, refill } from "../../parts/dom.js";

/** How long a map takes, in words. */
export function patience(pictures) {
  if (pictures < 5000) return "a few seconds";
  if (pictures < 20000) return "less than a minute";
  if (pictures < 50000) return "a minute or two";
  return "several minutes";
}

export function emptyCollection(go) {
  return empty(
    "atlas", "There is nothing to map yet", "Add pictures, and the atlas lays those that look alike next to each other.",
    button("Add pictures", { icon: "plus", kind: "primary", onclick: () => go("#/collection") }),
  ); // prettier-ignore
}

export function missingMap({ pictures, readonly, draw }) {
  const all = pictures === 1 ? "pictures" : count(pictures, "picture");
  const lines = `A map of all ${all}: those that look alike lie close together.`;
  if (readonly) return empty("atlas", "No map has been drawn yet", `${lines} This server is read-only: draw it with “relook atlas”.`);
  const cost = `Drawing it takes ${patience(pictures)}; you can go on searching meanwhile. It is kept, and new pictures find their place by themselves.`;
  return empty("atlas", "Draw the map", `${lines} ${cost}`, button("Draw the map", { icon: "atlas", kind: "primary", onclick: draw }));
}

/** Progress of a job; `update(job)` shows where it is. */
export function makeProgress({ cancel }) {
  const meter = el("progress", { max: "1", "aria-label": "Drawing the map" });
  const text = el("span", {}, "Waiting to start …");
  const stop = cancel ? button("Cancel", { kind: "quiet small", onclick: cancel }) : null;
  const root = el("div", { class: "atlas-progress" }, el("div", { class: "progress grow" }, text, meter), stop ?? "");
  return {
    root,
    update(job) {
      const started = job.state !== "waiting";
      if (started && job.total) meter.value = job.done / job.total;
      else meter.removeAttribute("value");
      const share = started && job.total ? ` ${Math.round((100 * job.done) / job.total)} %` : "";
      const what = job.message ? job.message[0].toUpperCase() + job.message.slice(1) : "Drawing the map";
      text.textContent = started ? `${what} …${share}` : "Waiting to start …";
    },
  };
}

export function drawing(progress) {
  const box = empty("atlas", "Drawing the map", "Pictures that look alike are moving together. You can leave this page; it goes on.");
  box.append(el("div", { class: "atlas-wait" }, progress.root));
  return box;
}

/** Show something in the bar at the bottom, or hide it. */
export function setBar(bar, ...children) {
  refill(bar, children);
  bar.hidden = !children.length;
}
