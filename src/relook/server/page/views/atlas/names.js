// Names of labels on the map: over their pictures far out, under each picture near in.

import { rooms } from "./packing.js";

const SPRITES = 400;
const FLAT = 4; // A name is about this many times wider than it is high.
const ROOM = 150; // Pixels that a name has to itself, across.
const SHARE = 0.005; // Of all pictures has a label whose name is seen with the whole map.

/** One place per label, where its pictures lie densest, the largest labels first. */
export class Anchors {
  constructor(points) {
    const members = points.names.map(() => []);
    for (let i = 0; i < points.count; i += 1) if (points.label[i] >= 0) members[points.label[i]].push(i);
    this.labels = [...members.keys()].filter((k) => members[k].length);
    this.labels.sort((a, b) => members[b].length - members[a].length || a - b);
    this.centers = this.labels.map((k) => densest(points, members[k]));
    this.weight = this.labels.map((k) => members[k].length / (SHARE * points.count));
    this.x = Float32Array.from(this.centers, (i) => points.x[i]);
    this.y = Float32Array.from(this.centers, (i) => points.y[i]);
    const high = this.y.map((y) => y * FLAT);
    this.room = rooms(this.x, high, { order: Uint32Array.from(this.labels.keys()), least: 1e-5 });
  }
}

/** The one of some pictures that the most others are close to. */
function densest(points, some) {
  const step = Math.ceil(some.length / 60);
  const sample = some.filter((_, k) => k % step === 0);
  let [best, most] = [some[0], -1];
  for (const i of sample) {
    let sum = 0;
    for (const j of sample) {
      const far = (points.x[i] - points.x[j]) ** 2 + (points.y[i] - points.y[j]) ** 2;
      sum += 1 / (1 + far / 0.0016);
    }
    if (sum > most) [best, most] = [i, sum];
  }
  return best;
}

/** Texts as small pictures: drawing one is cheap, setting it is not. */
export class Texts {
  constructor() {
    this.sprites = new Map();
  }

  clear() {
    this.sprites.clear();
  }

  /** A name on a pill of the ground's color with a dot of its own color; centered at (x, y). */
  draw(context, text, x, y, { color, ink, ground, ratio, most = 180, strong = false }) {
    const key = `${text}|${color}|${ink}|${ratio}|${most}|${strong}`;
    let sprite = this.sprites.get(key);
    if (!sprite) {
      sprite = pill(text, { color, ink, ground, ratio, most, strong });
      if (this.sprites.size > SPRITES) this.sprites.clear();
      this.sprites.set(key, sprite);
    }
    const [width, height] = [sprite.width / ratio, sprite.height / ratio];
    const left = Math.round((x - width / 2) * ratio) / ratio;
    const top = Math.round((y - height / 2) * ratio) / ratio;
    context.drawImage(sprite, left, top, width, height);
    return [left, top, width, height];
  }
}

function pill(text, { color, ink, ground, ratio, most, strong }) {
  const font = `${strong ? 600 : 550} 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif`;
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  context.font = font;
  const shown = shorten(context, text, most - 26);
  const width = Math.ceil(context.measureText(shown).width) + 26;
  canvas.width = Math.ceil((width + 2) * ratio);
  canvas.height = Math.ceil(24 * ratio);
  context.scale(ratio, ratio);
  context.font = font;
  context.textBaseline = "middle";
  context.globalAlpha = 0.9;
  context.fillStyle = ground;
  context.beginPath();
  context.roundRect(1, 1, width, 22, 11);
  context.fill();
  context.globalAlpha = 0.6; // An edge, or a pill over dots would look as if these were cut off.
  context.strokeStyle = color;
  context.stroke();
  context.globalAlpha = 1;
  context.fillStyle = color;
  context.beginPath();
  context.arc(12, 12, 4, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = ink;
  context.fillText(shown, 20, 12.5);
  return canvas;
}

function shorten(context, text, most) {
  if (context.measureText(text).width <= most) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (context.measureText(`${text.slice(0, middle)}…`).width <= most) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}

/** The anchors that have room for their name in the view. */
export function readable(anchors, camera) {
  const all = [];
  for (let k = 0; k < anchors.labels.length; k += 1) {
    if (anchors.room[k] * camera.scale < ROOM || anchors.weight[k] * camera.zoom < 1) continue;
    const [x, y] = camera.toScreen(anchors.x[k], anchors.y[k]);
    if (x < -60 || y < -20 || x > camera.width + 60 || y > camera.height + 20) continue;
    all.push({ label: anchors.labels[k], center: anchors.centers[k], x, y });
  }
  return all;
}
