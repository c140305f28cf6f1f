// What the pointer is over: name and labels, next to it.

import { el, refill } from "../../parts/dom.js";

const MOST = 4; // Labels that are shown.
const PATIENCE = 120; // Milliseconds before the server is asked for a name.

export function makeTip({ map, facts, color }) {
  const root = el("div", { class: "atlas-tip", hidden: true });
  let shown = -1;
  let timer = 0;
  let control = null;

  function show(i) {
    if (i === shown && i >= 0) return place();
    shown = i;
    clearTimeout(timer);
    control?.abort();
    root.hidden = i < 0;
    if (i < 0) return;
    const { points } = map;
    const id = points.ids[i];
    const known = facts.known(id);
    fill(known?.name, known?.labels ?? [points.name(i)].filter((name) => name !== null));
    place();
    if (known) return;
    control = new AbortController();
    const { signal } = control;
    timer = setTimeout(() => {
      facts.get(id, signal).then((picture) => {
        if (shown !== i || map.points !== points) return;
        fill(picture.name, picture.labels);
        place();
      }, () => {}); // prettier-ignore
    }, PATIENCE);
  }

  function fill(name, labels) {
    const more = labels.length - MOST;
    const chips = labels.slice(0, MOST).map((label) => {
      const spot = el("span", { class: "atlas-spot" });
      spot.style.background = color(label);
      return el("span", { class: "atlas-tag" }, spot, el("span", { class: "text" }, label));
    });
    refill(root, name ? el("span", { class: "text" }, name) : null, chips.length ? chips : el("span", { class: "muted" }, "without a label"), more > 0 ? el("span", { class: "muted" }, `and ${more} more`) : null);
  }

  /** Under the picture, or over it where there is no room below. */
  function place() {
    if (shown < 0) return;
    const at = map.at(shown);
    const [left, top, width, height] = at.length === 2 ? [at[0] - 6, at[1] - 6, 12, 12] : at;
    const x = Math.max(8, Math.min(map.camera.width - root.offsetWidth - 8, left + width / 2 - root.offsetWidth / 2));
    const below = top + height + 12;
    const y = below + root.offsetHeight < map.camera.height - 8 ? below : top - root.offsetHeight - 12;
    root.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  return { root, show, place };
}
