// An editor of boxes on a picture: pointer, pen, touch and keyboard; in pixels of the original.

import { el, svg } from "./dom.js";
import { moved, rounded, stretched, tidy } from "./rectangles.js";

const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const MOST = 8; // Boxes that a search takes.
const LEAST = 14; // Pixels of the screen: a shorter drag is a click.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let serial = 0;

/**
 * @param image an img element; it is put into the editor.
 * @param onChange(boxes, settled): `settled` is false while the pointer is down.
 * @returns {{node, set(boxes), resize([width, height]), get()}}
 */
export function boxEditor(image, { onChange }) {
  const clip = `boxes-${++serial}`;
  const holes = svg("g", { fill: "#000" });
  const shade = svg(
    "svg",
    { class: "boxes-shade", "aria-hidden": "true", preserveAspectRatio: "none" },
    svg("mask", { id: clip }, svg("rect", { width: "100%", height: "100%", fill: "#fff" }), holes),
    svg("rect", { class: "boxes-dark", width: "100%", height: "100%", mask: `url(#${clip})` }),
  );
  const layer = el("div", { class: "boxes-layer" });
  const node = el("div", { class: "boxes", role: "group", "aria-label": "Boxes on the picture" }, image, shade, layer);
  let size = [1, 1];
  let boxes = [];
  let drag = null;

  node.addEventListener("pointerdown", start);
  node.addEventListener("pointermove", move);
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", cancel);
  node.addEventListener("keydown", key);
  node.addEventListener("dragstart", (event) => event.preventDefault());

  function scale() {
    const frame = node.getBoundingClientRect();
    return [size[0] / (frame.width || 1), size[1] / (frame.height || 1)];
  }

  function at(event) {
    const frame = node.getBoundingClientRect();
    const [sx, sy] = scale();
    return [(event.clientX - frame.left) * sx, (event.clientY - frame.top) * sy];
  }

  function start(event) {
    if (event.button !== 0 || drag) return;
    const box = event.target.closest(".box");
    if (!box && boxes.length >= MOST) return;
    const place = box ? Number(box.dataset.place) : boxes.length;
    const handle = event.target.dataset.handle || (box ? "move" : "draw");
    const [x, y] = at(event);
    const before = boxes.map((one) => [...one]);
    const origin = box ? [...boxes[place]] : [x, y, 0, 0];
    drag = { pointer: event.pointerId, place, handle, x, y, origin, before, changed: false };
    node.setPointerCapture(event.pointerId);
    if (box) box.focus();
    else document.activeElement?.blur?.();
    event.preventDefault();
  }

  function move(event) {
    if (event.pointerId !== drag?.pointer) return;
    const [x, y] = at(event);
    const by = [x - drag.x, y - drag.y];
    const [sx, sy] = scale();
    if (!drag.changed && Math.hypot(by[0] / sx, by[1] / sy) < (drag.handle === "draw" ? LEAST : 3)) return;
    drag.changed = true;
    const handle = drag.handle === "draw" ? "se" : drag.handle;
    const box = handle === "move" ? moved(drag.origin, by, size) : stretched(drag.origin, handle, by, size);
    boxes = [...boxes.slice(0, drag.place), box, ...boxes.slice(drag.place + 1)];
    show();
    onChange(get(), false);
  }

  function end(event) {
    if (event.pointerId !== drag?.pointer) return;
    const { place, changed } = drag;
    drag = null;
    if (!changed) return;
    const [sx, sy] = scale();
    const [, , width, height] = tidy(boxes[place]);
    const small = width < 6 * sx || height < 6 * sy;
    boxes = small ? boxes.filter((_, index) => index !== place) : boxes;
    settle(small ? -1 : place);
  }

  function cancel(event) {
    if (event.pointerId !== drag?.pointer) return;
    boxes = drag.before;
    drag = null;
    show();
    onChange(get(), true);
  }

  function key(event) {
    const box = event.target.closest(".box");
    if (!box || event.altKey || event.ctrlKey || event.metaKey) return;
    const place = Number(box.dataset.place);
    if (event.key === "Delete" || event.key === "Backspace") {
      boxes = boxes.filter((_, index) => index !== place);
      settle(Math.min(place, boxes.length - 1));
    } else if (ARROWS[event.key]) {
      const step = Math.max(1, Math.round(Math.max(...size) / 100));
      const by = ARROWS[event.key].map((way) => way * step);
      const changed = event.shiftKey ? stretched(boxes[place], "se", by, size) : moved(boxes[place], by, size);
      boxes = boxes.map((one, index) => (index === place ? changed : one));
      settle(place);
    } else return;
    event.preventDefault();
  }

  function settle(focused) {
    boxes = boxes.map((box) => rounded(tidy(box), size));
    show();
    if (focused >= 0) layer.children[focused]?.focus();
    onChange(get(), true);
  }

  function get() {
    return boxes.map((box) => rounded(tidy(box), size));
  }

  function show() {
    while (layer.children.length > boxes.length) layer.lastElementChild.remove();
    while (layer.children.length < boxes.length) layer.append(oneBox(layer.children.length));
    boxes.forEach((box, place) => lay(layer.children[place], tidy(box), place));
    holes.replaceChildren(...boxes.map((box) => hole(tidy(box))));
    node.classList.toggle("boxed", boxes.length > 0);
  }

  function lay(element, [x, y, width, height], place) {
    const share = (value, axis) => `${(100 * value) / size[axis]}%`;
    Object.assign(element.style, { left: share(x, 0), top: share(y, 1), width: share(width, 0), height: share(height, 1) });
    const [a, b, c, d] = rounded([x, y, width, height], size);
    const text = `Box ${place + 1} of ${boxes.length}: ${c} by ${d} pixels, ${a} from the left, ${b} from the top. Arrow keys move it, with Shift they resize it, Delete removes it.`;
    element.setAttribute("aria-label", text);
  }

  function hole([x, y, width, height]) {
    return svg("rect", { x, y, width, height });
  }

  return {
    node,
    get,
    set(next) {
      boxes = next.map((box) => [...box]);
      show();
    },
    resize(next) {
      size = next;
      shade.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
      node.style.aspectRatio = `${size[0]} / ${size[1]}`;
      show();
    },
  };
}

function oneBox(place) {
  const handles = HANDLES.map((name) => el("span", { class: `handle ${name}`, dataset: { handle: name }, "aria-hidden": "true" }));
  return el("div", { class: "box", tabindex: "0", role: "group", dataset: { place } }, handles);
}
