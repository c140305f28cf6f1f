// Where in a picture its similarity comes from: a heat map over it.

import { el } from "../../parts/dom.js";

/**
 * @param grid {columns, rows, values, frame: [x, y, width, height]} of the picture.
 * @param size [width, height] of the original picture.
 * @param most the largest share over both pictures: both have one scale.
 */
export function heat(grid, size, most) {
  const canvas = el("canvas", { class: "heat", width: grid.columns, height: grid.rows, "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(grid.columns, grid.rows);
  grid.values.forEach((value, place) => {
    const strength = Math.min(1, Math.max(0, value / (most || 1)));
    pixels.data.set(ramp(strength), 4 * place);
  });
  context.putImageData(pixels, 0, 0);
  const [x, y, width, height] = grid.frame;
  const share = (value, whole) => `${(100 * value) / whole}%`;
  Object.assign(canvas.style, { left: share(x, size[0]), top: share(y, size[1]), width: share(width, size[0]), height: share(height, size[1]) });
  return canvas;
}

/** The largest of two grids: outliers do not drown the rest. */
export function scaleOf(...grids) {
  const values = grids.flatMap((grid) => grid.values).filter((value) => value > 0).sort((a, b) => a - b);
  return values[Math.floor(0.98 * (values.length - 1))] || 0;
}

/** Transparent, then violet, orange and pale yellow: its lightness grows all the way. */
function ramp(strength) {
  const stops = [[40, 10, 84], [137, 34, 106], [227, 89, 51], [249, 201, 50], [252, 255, 190]];
  const place = strength * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(place));
  const mix = (channel) => Math.round(stops[low][channel] + (place - low) * (stops[low + 1][channel] - stops[low][channel]));
  return [mix(0), mix(1), mix(2), Math.round(255 * (0.35 + 0.4 * strength))];
}

export function legend(similarity) {
  const text = Number.isFinite(similarity) ? `All parts together make the similarity of the whole pictures, ${similarity.toFixed(2)}.` : "";
  const bar = el("span", { class: "heat-bar", "aria-hidden": "true" });
  const scale = el("span", { class: "row" }, el("span", {}, "adds little"), bar, el("span", {}, "adds most"));
  return el("p", { class: "heat-legend small" }, scale, el("span", { class: "muted" }, `Bright parts are what made the two pictures similar. ${text}`));
}
