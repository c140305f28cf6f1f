// One picture: large, with its name and labels, and what one can do with it.

import { button, count, day, el, icon, refill } from "../../parts/dom.js";
import { labelInput } from "./labeling.js";

/** `acts`: api, facts, readonly, color(name), go(hash), center(id), changed(), grown(), closed(), say. */
export function makePanel(acts) {
  const root = el("aside", { class: "atlas-panel", "aria-label": "Picture", tabindex: "-1", hidden: true });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  let shown = null;

  function close() {
    if (root.hidden) return;
    const back = root.contains(document.activeElement);
    root.hidden = true;
    shown = null;
    acts.closed(back);
  }

  async function open(id, { focus = false } = {}) {
    shown = id;
    root.hidden = false;
    refill(root, head(null, id), photo(null, id), el("div", { class: "skeleton atlas-line" }));
    if (focus) root.focus({ preventScroll: true });
    try {
      const picture = await acts.api.get(`images/${id}`);
      acts.facts.put(picture);
      if (shown !== id) return;
      fill(picture);
      acts.grown();
    } catch (error) {
      if (shown === id) refill(root, head(null, id), el("p", { class: "notice error" }, error.detail || "This picture cannot be shown."));
    }
  }

  function head(picture) {
    const name = picture ? picture.name : "…";
    const shut = button("Close", { icon: "close", only: true, kind: "quiet", onclick: close });
    return el("header", {}, el("h2", { title: picture?.path || "" }, name), shut);
  }

  function photo(picture, id) {
    const shape = picture ? { width: picture.width, height: picture.height } : {};
    const image = el("img", { src: acts.api.thumbnail(id, "large"), alt: picture ? picture.name : "", ...shape });
    image.addEventListener("error", () => image.replaceWith(el("p", { class: "notice" }, icon("warning"), "The file of this picture cannot be read.")));
    return el("div", { class: "atlas-photo" }, image);
  }

  function fill(picture) {
    // The image that is loading already stays: a new one would flicker.
    const image = root.querySelector(".atlas-photo");
    const img = image.querySelector("img");
    if (img) Object.assign(img, { alt: picture.name, width: picture.width, height: picture.height });
    const facts = [`${picture.width} × ${picture.height}`, day(picture.taken), picture.files > 1 ? count(picture.files, "file") : ""];
    refill(
      root,
      head(picture),
      image,
      el("p", { class: "muted small number" }, facts.filter(Boolean).join(" · ")),
      labels(picture),
      el("div", { class: "row" },
        button("Search with this", { icon: "search", kind: "primary", onclick: () => acts.go(`#/search?id=${picture.id}`) }),
        button("Show on the map", { icon: "place", onclick: () => acts.center(picture.id) })),
    ); // prettier-ignore
  }

  function labels(picture) {
    const chips = picture.labels.map((name) => {
      const spot = el("span", { class: "atlas-spot" });
      spot.style.background = acts.color(name);
      const off = () => write(picture, picture.labels.filter((one) => one !== name));
      const remove = acts.readonly ? null : el("button", { type: "button", class: "atlas-off", "aria-label": `Remove the label ${name}`, onclick: off }, icon("close"));
      return el("li", { class: "chip" }, spot, el("span", { class: "text" }, name), remove);
    });
    const none = chips.length ? null : el("li", { class: "muted small" }, "No label yet");
    return el("div", { class: "stack atlas-edit" }, el("ul", { class: "row", "aria-label": "Labels" }, chips, none), acts.readonly ? null : adder(picture));
  }

  function adder(picture) {
    const { input, list } = labelInput(acts.api, { "aria-label": "Add a label", placeholder: "Add a label", required: true });
    const add = (event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (name && !picture.labels.includes(name)) write(picture, [...picture.labels, name]);
      else input.value = "";
    };
    return el("form", { class: "atlas-adder", onsubmit: add }, input, list, button("Add", { type: "submit", icon: "plus", only: true }));
  }

  async function write(picture, names) {
    try {
      await acts.api.send("PUT", `images/${picture.id}/labels`, { labels: names });
      const next = { ...picture, labels: names };
      acts.facts.put(next);
      if (shown === picture.id) {
        fill(next);
        (root.querySelector(".atlas-adder input") || root).focus();
      }
      acts.changed(picture.id, names);
    } catch (error) {
      acts.say(error.detail || "The labels could not be changed.", "error");
    }
  }

  return { root, open, close, get shown() { return shown; } }; // prettier-ignore
}
