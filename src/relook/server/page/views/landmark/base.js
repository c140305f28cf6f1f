// The base map: land, borders and names, drawn into a canvas.

import { line, project, round125, unproject } from "./earth.js";

let loading = null;

/** The map as paths of the square world; asked for once. */
export function baseMap() {
  loading ??= load().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load() {
  const response = await fetch(new URL("base-map.json", document.baseURI));
  if (!response.ok) throw new Error(`The base map is missing: status ${response.status}`);
  const { land, borders, names, unit, credit } = await response.json();
  const places = names.map(([name, longitude, latitude, size]) => ({ name, size, at: project(longitude, latitude) }));
  return { land: land.map((text) => line(text, unit)), borders: borders.map((text) => line(text, unit)), places, credit };
}

/**
 * Draw it.
 *
 * @param view {x, y, scale, width, height}: center in the square world, pixels of the whole world.
 * @param colors {water, land, border, text}
 */
export function drawBase(context, map, view, colors) {
  const { width, height } = view;
  context.fillStyle = colors.water;
  context.fillRect(0, 0, width, height);
  for (const shift of copies(view)) {
    trace(context, map.land, view, shift, true);
    context.fillStyle = colors.land;
    context.fill("evenodd");
    trace(context, map.borders, view, shift, false);
    context.strokeStyle = colors.border;
    context.lineWidth = 1;
    context.stroke();
  }
  drawNames(context, map.places, view, colors);
}

/** The world goes on at its left and right. */
function copies({ x, scale, width }) {
  const half = width / scale / 2;
  const all = [];
  for (let shift = Math.floor(x - half) - 1; shift <= Math.ceil(x + half); shift += 1) all.push(shift);
  return all;
}

function trace(context, lines, { x, y, scale, width, height }, shift, closed) {
  context.beginPath();
  const left = width / 2 + (shift - x) * scale;
  const top = height / 2 - y * scale;
  for (const points of lines) {
    context.moveTo(left + points[0] * scale, top + points[1] * scale);
    for (let at = 2; at < points.length; at += 2) context.lineTo(left + points[at] * scale, top + points[at + 1] * scale);
    if (closed) context.closePath();
  }
}

function drawNames(context, places, view, colors) {
  const { x, y, scale, width, height } = view;
  const taken = [];
  context.font = `500 12px ${colors.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = colors.text;
  for (const { name, size, at } of places) {
    const wide = context.measureText(name).width;
    if ((size / 360) * scale < 0.62 * wide) continue;
    for (const shift of copies(view)) {
      const px = width / 2 + (at[0] + shift - x) * scale;
      const py = height / 2 + (at[1] - y) * scale;
      const box = [px - wide / 2 - 6, py - 9, px + wide / 2 + 6, py + 9];
      const hidden = box[2] < 0 || box[0] > width || box[3] < 0 || box[1] > height;
      if (hidden || taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      context.fillText(name, px, py);
    }
  }
}

function overlap(a, b) {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

/** Lines of longitude and latitude with their degrees. */
export function drawGraticule(context, view, colors) {
  const { x, y, scale, width, height } = view;
  const step = Math.min(30, round125((360 * 160) / scale));
  const [west, north] = unproject(x - width / scale / 2, y - height / scale / 2);
  const [east, south] = unproject(x + width / scale / 2, y + height / scale / 2);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  context.strokeStyle = colors.grid;
  context.fillStyle = colors.text;
  context.lineWidth = 1;
  context.font = `11px ${colors.font}`;
  context.textBaseline = "alphabetic";
  for (let longitude = Math.ceil(west / step) * step; longitude <= east; longitude += step) {
    const px = Math.round(width / 2 + (project(longitude, 0)[0] - x) * scale) + 0.5;
    rule(context, px, 0, px, height);
    const turned = ((((longitude + 180) % 360) + 360) % 360) - 180;
    context.textAlign = "left"; // Labels keep out of the corners, where tools, inset and scale are.
    if (px > 60 && px < width - 190) context.fillText(degrees(turned, "E", "W", digits), px + 4, 14);
  }
  for (let latitude = Math.ceil(south / step) * step; latitude <= north; latitude += step) {
    const py = Math.round(height / 2 + (project(0, latitude)[1] - y) * scale) + 0.5;
    rule(context, 0, py, width, py);
    context.textAlign = "right";
    if (py > 125 && py < height - 30) context.fillText(degrees(latitude, "N", "S", digits), width - 6, py - 4);
  }
}

function degrees(value, positive, negative, digits) {
  const size = Math.abs(value).toFixed(digits);
  return `${size}°${Number(size) === 0 ? "" : value < 0 ? negative : positive}`;
}

export function rule(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}
