// One result on the wall.

import { api } from "../api.js";
import { button, el, icon } from "./dom.js";
import { markButtons, similar, spoken, verifiedMark } from "./hit.js";
import { shape } from "./justified.js";
import { outline } from "./outline.js";

/**
 * @param actions {open, why, use, mark, marks}: what a tile can do with its hit.
 * @returns {{node, ratio}} an item of a wall.
 */
export function tile(hit, actions, { eager = false, large = false } = {}) {
  const picture = hit.image;
  const image = el("img", {
    src: api.thumbnail(picture.id, large ? "large" : "small"),
    alt: "",
    loading: eager ? "eager" : "lazy",
    decoding: "async",
    onerror: (event) => event.target.classList.add("missing"),
  });
  const open = el(
    "button",
    { type: "button", class: "tile-open", "aria-label": `${spoken(hit)}. Open`, onclick: () => actions.open(hit) },
    image,
    hit.verified ? outline(hit.region, picture) : null,
  );
  const small = { kind: "small" };
  const bar = el(
    "div",
    { class: "tile-actions" },
    button("Why this result?", { icon: "why", only: true, ...small, onclick: () => actions.why(hit) }),
    button("Search with this picture", { icon: "search", only: true, ...small, onclick: () => actions.use(hit) }),
    markButtons(hit, actions.marks, actions.mark, small),
  );
  const node = el("li", { class: "tile", dataset: { id: picture.id } }, el("div", { class: "tile-picture" }, open, bar), caption(hit));
  return { node, ratio: shape(picture) };
}

function caption(hit) {
  const { name, labels } = hit.image;
  const words = similar(hit.similarity);
  const [word, number] = words.split(" ");
  return el(
    "div",
    { class: "tile-caption", "aria-hidden": "true" },
    hasFacts(hit)
      ? el("div", { class: "tile-facts" }, verifiedMark(hit), words ? el("span", { class: "number muted", title: words }, el("span", { class: "long" }, `${word} `), number) : null)
      : null,
    el("div", { class: "tile-name", title: hit.image.path }, labels.length ? icon("label") : null, el("span", {}, labels.length ? labels.join(", ") : name)),
  );
}

/** Does its caption have a line of facts? */
export function hasFacts(hit) {
  return hit.verified || similar(hit.similarity) !== "";
}

/** Show the marks of a tile as they are now. */
export function showMarks(list, marks) {
  for (const node of list.querySelectorAll(".tile")) {
    const mark = marks.get(Number(node.dataset.id)) || "";
    node.dataset.marked = mark;
    for (const control of node.querySelectorAll("[data-mark]")) {
      control.setAttribute("aria-pressed", String(control.dataset.mark === mark));
    }
  }
}
