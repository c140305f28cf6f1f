// A justified wall: pictures fill rows from edge to edge, none is cropped.

import { el } from "./dom.js";

/**
 * Where pictures stand.
 *
 * @param ratios width / height of each.
 * @param width of the wall, in pixels.
 * @param height wished for a row; `first` for the first row.
 * @param caption room below each picture.
 * @param even parts all pictures into rows that are full alike; else the last row takes what is
 *   left, and rows stay where they are when more pictures come.
 * @returns {{boxes: {x, y, width, height}[], height: number}} boxes of the pictures alone.
 */
export function justify(ratios, width, { height, first = height, gap = 8, caption = 0, even = false }) {
  const boxes = [];
  const ends = even ? evenly(ratios, width, { height, first, gap }) : null;
  let top = 0;
  for (let start = 0; start < ratios.length; ) {
    const wished = start === 0 ? first : height;
    const row = ends ? rowOf(ratios, start, ends[start], width, wished, gap) : nextRow(ratios, start, width, wished, gap);
    let left = 0;
    for (const ratio of row.ratios) {
      boxes.push({ x: left, y: top, width: ratio * row.height, height: row.height });
      left += ratio * row.height + gap;
    }
    start += row.ratios.length;
    top += row.height + caption + gap;
  }
  return { boxes, height: Math.max(0, top - gap) };
}

/** Where the row that begins with each picture ends, so that all rows together come nearest to their wishes. */
function evenly(ratios, width, { height, first, gap }) {
  const ends = [];
  const costs = [];
  costs[ratios.length] = 0;
  for (let start = ratios.length - 1; start >= 0; start -= 1) {
    const wished = start === 0 ? first : height;
    costs[start] = Infinity;
    for (let end = start + 1, sum = 0; end <= ratios.length; end += 1) {
      sum += ratios[end - 1];
      const fit = (width - gap * (end - start - 1)) / sum;
      const loose = end === ratios.length && fit > wished; // A last row need not be full.
      const off = Math.log(fit / wished) * (loose ? 0.5 : 1);
      const cost = costs[end] + off * off;
      if (cost < costs[start]) [costs[start], ends[start]] = [cost, end];
      if (fit < wished / 3) break;
    }
  }
  return ends;
}

function rowOf(ratios, start, end, width, wished, gap) {
  const row = ratios.slice(start, end);
  const fit = (width - gap * (row.length - 1)) / row.reduce((all, ratio) => all + ratio, 0);
  return { ratios: row, height: Math.min(fit, (end === ratios.length ? 1.35 : 2) * wished) };
}

/** As many pictures as bring the row nearest to the wished height; a last row is not blown up. */
function nextRow(ratios, start, width, wished, gap) {
  const fits = (end) => {
    const part = ratios.slice(start, end);
    const sum = part.reduce((all, ratio) => all + ratio, 0);
    return (width - gap * (part.length - 1)) / sum;
  };
  let end = start + 1;
  while (end < ratios.length && fits(end) > wished) end += 1;
  let height = fits(end);
  if (height < wished && end > start + 1) {
    const looser = fits(end - 1);
    if (looser - wished < wished - height && looser < 1.6 * wished) {
      end -= 1;
      height = looser;
    }
  }
  const last = end === ratios.length;
  return { ratios: ratios.slice(start, end), height: Math.min(height, last ? wished * 1.15 : 2 * wished) };
}

/** Extreme shapes get a tile of a usable shape; the picture is shown whole within it. */
export function shape(picture) {
  return Math.min(4, Math.max(0.5, picture.width / picture.height || 1));
}

/**
 * A list that lays out its own items.
 *
 * @param items [{node, ratio}]: each node is an li; its first child is the picture.
 * @param options (width) → the options of `justify`.
 * @returns {{node, add(items), stop}}
 */
export function wall(items, options, attributes = {}) {
  const list = el("ul", { ...attributes, class: `wall ${attributes.class || ""}`.trim() });
  const all = [];
  const layout = () => {
    const width = list.clientWidth;
    if (!width) return;
    const { boxes, height } = justify(all.map((item) => item.ratio), width, options(width));
    boxes.forEach((box, place) => put(all[place].node, box));
    list.style.height = `${height}px`;
  };
  const add = (more) => {
    all.push(...more);
    list.append(...more.map((item) => item.node));
    layout();
  };
  let before = 0;
  const observer = new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - before) < 1) return;
    before = entry.contentRect.width;
    layout();
  });
  observer.observe(list);
  add(items);
  return { node: list, add, stop: () => observer.disconnect() };
}

function put(node, box) {
  node.style.left = `${box.x}px`;
  node.style.top = `${box.y}px`;
  node.style.width = `${box.width}px`;
  node.firstElementChild.style.height = `${box.height}px`;
}

/** Row heights that suit a wall of this width. */
export function rows(width) {
  if (width < 520) return Math.max(120, width * 0.42);
  if (width < 900) return 190;
  return width < 1400 ? 220 : 260;
}

/** Arrow keys walk from tile to tile. */
export function arrows(list, selector) {
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    const stops = [...list.querySelectorAll(selector)];
    const here = stops.findIndex((stop) => stop.closest("li") === event.target.closest("li"));
    const next = stops[Number.isFinite(step) ? here + step : step < 0 ? 0 : stops.length - 1];
    if (here < 0 || !next) return;
    event.preventDefault();
    next.focus();
  });
}
