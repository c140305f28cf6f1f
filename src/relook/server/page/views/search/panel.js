// The picture that is asked about, with the boxes on it.

import { api } from "../../api.js";
import { boxEditor } from "../../parts/boxes.js";
import { button, el, icon, refill, svg } from "../../parts/dom.js";

/**
 * @returns {{node, set(boxes), learned(source), point(region), busy(on)}}
 */
export function queryPanel(source, { intake, onBoxes, onLeave }) {
  const image = el("img", { class: "query-image", alt: "Your picture", onload: loaded, onerror: unshown, draggable: "false" });
  const pointer = svg("svg", { class: "outline query-outline", preserveAspectRatio: "none", "aria-hidden": "true" });
  const editor = boxEditor(image, { onChange: changed });
  const card = el("div", { class: "query-card skeleton" }, icon("picture"), el("p", { class: "small" }));
  const name = el("p", { class: "query-name small" });
  const hint = el("p", { class: "muted small" }, "Drag on the picture to mark what you look for.");
  const clear = button("Clear boxes", { icon: "box", kind: "small quiet", hidden: true, onclick: () => onBoxes([]) });
  const add = button("Add a box", { icon: "plus", kind: "small quiet", onclick: center });
  const other = button("Another picture", { icon: "upload", kind: "small quiet", onclick: intake.pick });
  const leave = button("Close this picture", { icon: "close", only: true, kind: "small quiet query-leave", onclick: onLeave });
  const frame = el("div", { class: "query-frame" }, card, editor.node);
  const tools = el("div", { class: "row query-tools" }, add, clear, other);
  const node = el("section", { class: "query", "aria-label": "Your picture" }, frame, el("div", { class: "query-notes" }, el("div", { class: "query-title" }, name, leave), hint), tools);
  let size = source.size;
  editor.node.append(pointer);
  editor.node.hidden = true;
  if (size) reserve();
  image.src = source.url;

  /** The room that the picture will take, so that nothing moves when it is there. */
  function reserve() {
    sized(size);
    Object.assign(card.style, { aspectRatio: `${size[0]} / ${size[1]}`, minHeight: "0" });
  }

  function loaded() {
    sized(source.size || [image.naturalWidth, image.naturalHeight]);
    card.hidden = true;
    editor.node.hidden = false;
  }

  function sized(next) {
    size = next;
    editor.resize(size);
    node.style.setProperty("--ratio", size[0] / size[1]);
    pointer.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
    refill(name, el("span", {}, source.name || "Picture of the collection"), el("span", { class: "number" }, ` · ${size[0]} × ${size[1]}`));
  }

  /** The browser cannot show it; the server can still search with it. */
  function unshown() {
    card.hidden = false;
    card.classList.remove("skeleton");
    const text = source.id ? "The file of this picture cannot be read now." : `${source.name || "This picture"} cannot be shown here, but it can be searched with.`;
    refill(card.lastElementChild, text);
    editor.node.hidden = true;
    add.hidden = true;
    hint.hidden = true;
  }

  /** A picture of the collection that was named by its number alone. */
  async function nameIt() {
    const { name: found } = await api.get(`images/${source.id}`).catch(() => source);
    source.name = found;
    sized(size);
  }

  function changed(boxes, settled) {
    count(boxes);
    if (settled) onBoxes(boxes);
  }

  function count(boxes) {
    clear.hidden = boxes.length === 0;
    add.disabled = boxes.length >= 8;
    hint.textContent = boxes.length
      ? "Drag another, or move these. Delete removes the one in focus."
      : "Drag on the picture to mark what you look for.";
  }

  /** A box without a pointer: the middle of the picture, to be moved by the keyboard. */
  function center() {
    if (!size) return;
    const box = [size[0] / 4, size[1] / 4, size[0] / 2, size[1] / 2].map(Math.round);
    const boxes = [...editor.get(), box];
    editor.set(boxes);
    editor.node.querySelectorAll(".box")[boxes.length - 1].focus();
    changed(boxes, true);
  }

  return {
    node,
    set(boxes) {
      if (JSON.stringify(boxes) !== JSON.stringify(editor.get())) editor.set(boxes);
      count(boxes);
    },
    learned(known) {
      if (known.url !== image.getAttribute("src")) {
        add.hidden = false;
        hint.hidden = false;
        image.src = known.url;
      }
      if (known.size) sized(known.size);
      if (known.id && !known.name) nameIt();
    },
    point(region) {
      const points = region?.map((point) => point.join(",")).join(" ");
      refill(pointer, points ? [svg("polygon", { class: "casing", points }), svg("polygon", { points })] : null);
    },
    busy(on) {
      node.classList.toggle("busy", on);
    },
  };
}
