// Lines between what matches in two pictures, in one drawing over both.

import { svg } from "../../parts/dom.js";
import { spread } from "../../parts/homography.js";

const MOST = 80;

/**
 * @param figures [query, result]: elements with the pictures, of known original size.
 * @returns {{node, draw()}}: draw again whenever the pictures move.
 */
export function lines(stage, figures, answer) {
  const { query_points: from, points: to } = answer;
  const order = from.map((_, place) => place).sort((a, b) => from[a][0] - from[b][0]);
  const chosen = spread(order.length, MOST).map((place) => order[place]);
  const node = svg("svg", { class: "why-lines", "aria-hidden": "true" });
  const sizes = [
    [answer.query.width, answer.query.height],
    [answer.result.width, answer.result.height],
  ];
  const parts = chosen.map((place, turn) => one(hue(turn / Math.max(1, chosen.length - 1))));
  node.append(...parts.map((part) => part.group));

  function one(color) {
    const hit = svg("line", { class: "grab" });
    const casing = svg("line", { class: "casing" });
    const line = svg("line", { class: "line" });
    const dots = [svg("circle", { r: 3.5 }), svg("circle", { r: 3.5 })];
    const group = svg("g", { class: "match" }, hit, casing, line, dots);
    group.style.setProperty("--color", color);
    return { group, lines: [hit, casing, line], dots };
  }

  function draw() {
    const frame = stage.getBoundingClientRect();
    const frames = figures.map((figure) => figure.getBoundingClientRect());
    node.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    const at = (side, [x, y]) => [
      frames[side].left - frame.left + ((x + 0.5) * frames[side].width) / sizes[side][0],
      frames[side].top - frame.top + ((y + 0.5) * frames[side].height) / sizes[side][1],
    ];
    chosen.forEach((place, turn) => {
      const [x1, y1] = at(0, from[place]);
      const [x2, y2] = at(1, to[place]);
      for (const line of parts[turn].lines) set(line, { x1, y1, x2, y2 });
      set(parts[turn].dots[0], { cx: x1, cy: y1 });
      set(parts[turn].dots[1], { cx: x2, cy: y2 });
    });
  }

  return { node, draw, shown: chosen.length };
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value.toFixed(1));
}

/** Colors along the picture from left to right, all bright enough over any picture. */
function hue(share) {
  return `hsl(${Math.round(175 - 215 * share)} 85% 62%)`;
}
