// A large view of one picture out of a list, with what can be done with it.

import { api } from "../api.js";
import { button, el, icon, refill } from "./dom.js";
import { facts, markButtons, similar, verifiedMark } from "./hit.js";
import { outline } from "./outline.js";

/**
 * @param hits results, or pictures as {image: Picture, rank}.
 * @param index of the one to show first.
 * @param actions {why, use, mark, marks, label, near}: those that are missing are not offered.
 */
export function openLarge(hits, index, actions) {
  let here = index;
  const stage = el("div", { class: "large-stage" });
  const side = el("div", { class: "large-side" });
  const close = button("Close", { icon: "close", only: true, kind: "quiet large-close", onclick: () => dialog.close() });
  const step = (by) => {
    const next = here + by;
    if (next < 0 || next >= hits.length) return;
    here = next;
    show();
  };
  const dialog = el("dialog", { class: "large", "aria-label": "Large view", onclose: () => dialog.remove(), onkeydown: key }, close, stage, side);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  show();
  dialog.showModal();
  close.focus();

  function key(event) {
    if (event.target.closest("input, textarea")) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) {
      event.preventDefault();
      step(by);
    }
  }

  function show() {
    const hit = hits[here];
    const { image } = hit;
    const held = dialog.open ? focused() : null;
    const picture = el("img", { src: api.thumbnail(image.id, "large"), alt: image.name, width: image.width, height: image.height });
    const frame = el("div", { class: "large-frame" }, picture, hit.verified ? outline(hit.region, image) : null);
    frame.style.aspectRatio = `${image.width} / ${image.height}`;
    frame.style.setProperty("--ratio", image.width / image.height);
    refill(stage, frame, way(-1, "Previous", "back"), way(1, "Next", "forward"));
    refill(side, head(hit), labelled(hit), doings(hit), facts(image));
    if (dialog.open && !dialog.contains(document.activeElement)) hold(held);
  }

  /** What the focused button shows: another with the same icon takes its place. */
  function focused() {
    return document.activeElement?.querySelector("use")?.getAttribute("href");
  }

  function hold(href) {
    const same = [...dialog.querySelectorAll("button:enabled")].find((one) => one.querySelector("use")?.getAttribute("href") === href);
    (same ?? close).focus();
  }

  function way(by, text, name) {
    const off = here + by < 0 || here + by >= hits.length;
    return button(text, { icon: name, only: true, kind: `large-way ${name}`, disabled: off, onclick: () => step(by) });
  }

  function head(hit) {
    const words = similar(hit.similarity);
    return el(
      "div",
      { class: "stack large-head", "aria-live": "polite" },
      el("p", { class: "muted small number" }, `${here + 1} of ${hits.length}`),
      el("h2", {}, hit.image.name),
      el("div", { class: "row" }, verifiedMark(hit), words ? el("span", { class: "badge number" }, words) : null),
    );
  }

  function labelled(hit) {
    const { labels } = hit.image;
    if (!labels.length && !actions.label) return null;
    const edit = async () => {
      const changed = await actions.label(hit);
      if (changed) show();
    };
    return el(
      "div",
      { class: "row" },
      labels.map((label) => el("span", { class: "chip" }, icon("label"), el("span", { class: "text" }, label))),
      actions.label ? button(labels.length ? "Change labels" : "Add a label", { icon: "plus", kind: "quiet small", onclick: edit }) : null,
    );
  }

  function doings(hit) {
    const leave = (action) => () => {
      dialog.close();
      action(hit);
    };
    const mark = (one, value) => {
      actions.mark(one, value);
      show();
    };
    return el(
      "div",
      { class: "large-actions" },
      actions.why ? button("Why this result?", { icon: "why", kind: "primary", onclick: leave(actions.why) }) : null,
      actions.use ? button("Search with this", { icon: "search", onclick: leave(actions.use) }) : null,
      actions.near && hit.image.latitude !== null ? button("Near this place", { icon: "place", onclick: leave(actions.near) }) : null,
      actions.mark ? el("div", { class: "large-marks", role: "group", "aria-label": "Is this right?" }, markButtons(hit, actions.marks, mark, { only: false })) : null,
    );
  }
}
