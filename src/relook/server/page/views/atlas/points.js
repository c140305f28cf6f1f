// The pictures of the map: where they are, what they are called, who is near.

import { rooms, separate } from "./packing.js";

/** Cells of the grid have about this many points. */
const PER_CELL = 6;

/** All pictures of one answer of GET /atlas. Coordinates are 0 … 1, y grows downwards. */
export class Points {
  constructor(atlas) {
    this.source = atlas;
    this.count = atlas.ids.length;
    this.ids = Float64Array.from(atlas.ids);
    this.x = Float32Array.from(atlas.x);
    this.y = Float32Array.from(atlas.y);
    this.names = [...atlas.names];
    this.own = this.names.length;
    this.first = Int32Array.from(atlas.label); // Of each picture, as the server says.
    this.label = this.first; // That is shown.
    this.index = new Map(atlas.ids.map((id, i) => [id, i]));
    this.least = 0.1 / Math.sqrt(Math.max(this.count, 1));
    separate(this.x, this.y, this.least);
    this.room = null; // Comes after the first frame: see findRooms.
    this.#sort();
  }

  /** How large each may be drawn; takes a tenth of a second for 50,000. */
  findRooms() {
    this.room = rooms(this.x, this.y, { least: this.least });
    this.least = this.room.reduce((least, room) => Math.min(least, room), Infinity);
  }

  /** The same where only some are drawn: the others have no room. */
  roomsOf(some) {
    const own = rooms(some.map((i) => this.x[i]), some.map((i) => this.y[i]), { least: this.least });
    const all = new Float32Array(this.count);
    some.forEach((i, k) => (all[i] = own[k]));
    return all;
  }

  #sort() {
    const side = Math.max(1, Math.min(512, Math.round(Math.sqrt(this.count / PER_CELL))));
    const cell = new Int32Array(this.count);
    const start = new Int32Array(side * side + 1);
    for (let i = 0; i < this.count; i += 1) {
      cell[i] = clamp(this.y[i] * side, side) * side + clamp(this.x[i] * side, side);
      start[cell[i] + 1] += 1;
    }
    for (let c = 0; c < side * side; c += 1) start[c + 1] += start[c];
    const at = start.slice();
    this.items = new Int32Array(this.count);
    for (let i = 0; i < this.count; i += 1) this.items[at[cell[i]]++] = i;
    this.side = side;
    this.start = start;
    this.found = new Int32Array(this.count);
  }

  /** Those in a box [left, top, right, bottom]: a view of one array that the next call fills anew. */
  within([left, top, right, bottom]) {
    const { side, x, y, found } = this;
    const [first, last] = [clamp(left * side, side), clamp(right * side, side)];
    let n = 0;
    for (let row = clamp(top * side, side); row <= clamp(bottom * side, side); row += 1) {
      const end = this.start[row * side + last + 1];
      for (let k = this.start[row * side + first]; k < end; k += 1) {
        const i = this.items[k];
        if (x[i] >= left && x[i] <= right && y[i] >= top && y[i] <= bottom) found[n++] = i;
      }
    }
    return found.subarray(0, n);
  }

  /** The nearest to a place, within a distance; -1 where there is none. */
  nearest(px, py, reach) {
    let best = -1;
    let least = reach * reach;
    for (const i of this.within([px - reach, py - reach, px + reach, py + reach])) {
      const far = (this.x[i] - px) ** 2 + (this.y[i] - py) ** 2;
      if (far <= least) [best, least] = [i, far];
    }
    return best;
  }

  /** The smallest box around some (or all). */
  bounds(some = null) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    const n = some ? some.length : this.count;
    for (let k = 0; k < n; k += 1) {
      const i = some ? some[k] : k;
      box[0] = Math.min(box[0], this.x[i]);
      box[1] = Math.min(box[1], this.y[i]);
      box[2] = Math.max(box[2], this.x[i]);
      box[3] = Math.max(box[3], this.y[i]);
    }
    return n ? box : [0, 0, 1, 1];
  }

  name(i) {
    return this.label[i] < 0 ? null : this.names[this.label[i]];
  }

  /** Those with a label; null asks for those without. */
  named(name) {
    const wanted = name === null ? -1 : this.names.indexOf(name);
    if (name !== null && wanted < 0) return [];
    const some = [];
    for (let i = 0; i < this.count; i += 1) if (this.label[i] === wanted) some.push(i);
    return some;
  }

  /** How many pictures each label has, and how many have none, at the end. */
  tally() {
    const counts = new Int32Array(this.names.length + 1);
    for (const label of this.label) counts[label < 0 ? this.names.length : label] += 1;
    return counts;
  }

  /** Labels, the most frequent first. */
  namesBySize() {
    const { names } = this;
    const counts = this.tally();
    const order = [...names.keys()].sort((a, b) => counts[b] - counts[a] || (names[a] < names[b] ? -1 : 1));
    return order.map((k) => names[k]);
  }

  /** Give pictures another first label at once, until the server says what they have. */
  rename(some, name) {
    this.lift();
    const label = name === null ? -1 : this.#place(name);
    this.own = this.names.length;
    for (const i of some) this.first[i] = label;
  }

  /** Show one of their other labels on some pictures; without arguments, all show their first. */
  lift(name, some = []) {
    this.names.length = this.own;
    this.label = this.first;
    if (!some.length) return;
    const label = this.#place(name);
    this.label = this.first.slice();
    for (const i of some) this.label[i] = label;
  }

  #place(name) {
    const place = this.names.indexOf(name);
    return place < 0 ? this.names.push(name) - 1 : place;
  }

  /** Does an answer show the same? Then there is nothing to draw. */
  same({ ids, x, y, label, names }) {
    const { source } = this;
    if (!alike(ids, source.ids) || !alike(x, source.x) || !alike(y, source.y)) return false;
    const called = (k) => (label[k] < 0 ? null : names[label[k]]);
    return label.every((_, k) => called(k) === (this.names[this.first[k]] ?? null));
  }
}

function alike(a, b) {
  return a.length === b.length && a.every((value, k) => value === b[k]);
}

function clamp(value, side) {
  return Math.max(0, Math.min(side - 1, Math.floor(value)));
}
