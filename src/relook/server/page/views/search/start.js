// Before anything is asked: an invitation, and pictures of the collection.

import { api } from "../../api.js";
import { button, count, el, empty, icon, refill } from "../../parts/dom.js";
import { filterOf } from "../../parts/filters.js";
import { handheld } from "../../parts/intake.js";
import { arrows, rows, shape, wall } from "../../parts/justified.js";
import { plain } from "../../parts/asking.js";

const PAGE = 200; // Of these a handful is shown, in another order each time.
const SHOWN = 40;

/** @returns {{stop}} */
export function startState(node, { above, info, params, lost, remembered, intake, use }) {
  const stopper = new AbortController();
  const pictures = el("section", { class: "start-wall", "aria-labelledby": "wall-title" });
  let shown = null;
  const gone = el("p", { class: "notice", role: "status" }, "That picture is not kept any more. Bring it again to search with it.");
  refill(above, lost ? gone : null, info.images ? invitation(info, intake) : null);
  refill(node, pictures);
  fill();

  async function fill() {
    try {
      const page = await some();
      if (!page.images.length) return refill(pictures, none(info, params));
      shown = wall(page.images.map((picture, place) => item(picture, place, use)), (width) => ({ height: rows(width) * 0.85, gap: 8 }));
      arrows(shown.node, "button");
      const filtered = Object.keys(filterOf(params)).length > 0;
      const text = filtered ? `${count(page.total, "picture")} that fit` : page.total === 1 ? "Or start with this picture" : `Or start with one of these ${count(page.total, "picture")}`;
      refill(pictures, el("h2", { id: "wall-title", class: "start-title" }, text), shown.node);
    } catch (error) {
      if (error.name !== "AbortError") refill(pictures, el("p", { class: "notice error", role: "alert" }, plain(error)));
    }
  }

  /** The same ones in the same order while the collection and the filters stay, as after “back”. */
  async function some() {
    const filter = JSON.stringify(filterOf(params));
    const known = remembered.start;
    if (known?.info === info && known.filter === filter) return known;
    const { images, total } = await api.get("images", { limit: PAGE, ...filterOf(params) }, { signal: stopper.signal });
    remembered.start = { info, filter, total, images: shuffled(images).slice(0, SHOWN) };
    return remembered.start;
  }

  return {
    stop() {
      stopper.abort();
      shown?.stop();
    },
    marked() {},
  };
}

function invitation(info, intake) {
  return el(
    "div",
    { class: "invitation" },
    el("p", { class: "invitation-title", role: "heading", "aria-level": "2" }, "Find the same thing again"),
    el("p", { class: "muted invitation-text" }, `Bring a picture, and see where else in “${info.name}” its place, building or object appears.`),
    el(
      "div",
      { class: "row" },
      handheld() ? button("Take a photo", { icon: "camera", kind: "primary", onclick: intake.photograph }) : null,
      button("Choose a picture", { icon: "upload", kind: handheld() ? "" : "primary", onclick: intake.pick }),
    ),
    handheld() ? null : el("p", { class: "muted small" }, "or drop it anywhere on this page, or paste it"),
  );
}

function item(picture, place, use) {
  const image = el("img", { src: api.thumbnail(picture.id), alt: "", loading: place < 16 ? "eager" : "lazy", decoding: "async" });
  const open = el("button", { type: "button", class: "tile-open", "aria-label": `Search with ${picture.name}`, title: picture.name, onclick: () => use(picture.id) }, image);
  return { node: el("li", { class: "tile" }, el("div", { class: "tile-picture" }, open)), ratio: shape(picture) };
}

function none(info, params) {
  if (Object.keys(filterOf(params)).length) return empty("filter", "No picture fits", "Change or clear the filters.");
  const text = info.readonly ? "This server only reads; pictures are added where the collection is kept." : "Add pictures first. Then bring another one, and see where else its place, building or object appears.";
  const add = el("a", { class: "button primary", href: "#/collection" }, icon("plus"), el("span", {}, "Add pictures"));
  return empty("picture", "This collection is empty", text, info.readonly ? null : add);
}

function shuffled(list) {
  const mixed = [...list];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
}
