// Thumbnails on the map, each in a frame of the color of its label.

import { presence } from "./detail.js";

const FADE = 180; // Milliseconds in which a thumbnail that arrived appears.

/** Draws the thumbnails at hand; says where each is and whether some are still appearing. */
export function drawPictures(context, { points, room, camera, size, shown, thumbnails, ratio, calm, frame, lit }) {
  const places = new Map();
  const now = performance.now();
  let moving = false;
  context.imageSmoothingQuality = "medium";
  for (const i of shown) {
    const entry = thumbnails.get(points.ids[i], size.side * ratio);
    if (!entry) continue;
    const age = calm ? 1 : Math.min(1, (now - entry.born) / FADE);
    if (age < 1) moving = true;
    const part = presence(room[i], camera, size.pitch) * (0.6 + 0.4 * age);
    const place = rectangle(camera.toScreen(points.x[i], points.y[i]), entry.bitmap, size.side * part);
    places.set(i, place);
    context.globalAlpha = Math.min(1, age + 0.15) * (part < 0.98 ? 0.5 + part / 2 : 1) * (lit(i) ? 1 : 0.12);
    paint(context, entry.bitmap, place, frame(i));
  }
  context.globalAlpha = 1;
  return { places, moving };
}

/** A box with the aspect ratio of a bitmap around a point: [left, top, width, height]. */
function rectangle([x, y], { width, height }, side) {
  const scale = side / Math.max(width, height);
  return [x - (width * scale) / 2, y - (height * scale) / 2, width * scale, height * scale];
}

function paint(context, bitmap, [left, top, width, height], { color, line }) {
  const edge = line + 1;
  context.fillStyle = color;
  context.beginPath();
  context.roundRect(left - edge, top - edge, width + 2 * edge, height + 2 * edge, edge + 2);
  context.fill();
  context.drawImage(bitmap, left, top, width, height);
}

/** A ring around a dot or a picture that is looked at, chosen or new. */
export function ring(context, place, colors, { radius = 9, line = 3 } = {}) {
  context.beginPath();
  if (place.length === 2) context.arc(place[0], place[1], radius, 0, 2 * Math.PI);
  else context.roundRect(place[0] - 4, place[1] - 4, place[2] + 8, place[3] + 8, 6);
  context.strokeStyle = colors.casing;
  context.lineWidth = line + 2.5;
  context.stroke();
  context.strokeStyle = colors.ring;
  context.lineWidth = line;
  context.stroke();
}
