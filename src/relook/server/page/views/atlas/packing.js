// Where there is room: which thumbnails fit on the map at which scale, without overlap.

const GOLDEN = 0x9e3779b1;

/** Cells of a plane as numbers of a hash table: collisions cost a comparison, never an error. */
class Cells {
  constructor(capacity) {
    let size = 16;
    while (size < 2 * capacity) size *= 2;
    this.mask = size - 1;
    this.head = new Int32Array(size).fill(-1);
    this.next = new Int32Array(capacity);
  }

  slot(column, row) {
    return (Math.imul(column, 73856093) ^ Math.imul(row, 19349663)) & this.mask;
  }

  add(column, row, item) {
    const slot = this.slot(column, row);
    this.next[item] = this.head[slot];
    this.head[slot] = item;
  }
}

/**
 * Move points apart that lie (almost) on each other: each stays where it is unless one before it is
 * nearer than `gap` in x and y; then it goes to the nearest free place of a small grid around it.
 */
export function separate(x, y, gap) {
  const cells = new Cells(x.length);
  const turns = new Map(); // How far the spiral around a crowded place has come.
  for (let i = 0; i < x.length; i += 1) {
    if (nearest(cells, x, y, i, gap, 1) < gap) escape(i);
    cells.add(Math.floor(x[i] / gap), Math.floor(y[i] / gap), i);
  }

  function escape(i) {
    const [fromX, fromY] = [x[i], y[i]];
    const home = Math.floor(fromX / gap) * 0x100000 + Math.floor(fromY / gap);
    let turn = turns.get(home) || 1;
    do {
      const [dx, dy] = spiral(turn);
      x[i] = fromX + dx * gap * 1.01; // A little more, for the rounding of 32 bits.
      y[i] = fromY + dy * gap * 1.01;
      turn += 1;
    } while (nearest(cells, x, y, i, gap, 1) < gap);
    turns.set(home, turn);
  }
}

/** The n-th cell of a square spiral around (0, 0). */
function spiral(n) {
  const ring = Math.ceil((Math.sqrt(n + 1) - 1) / 2);
  const side = 2 * ring;
  const place = n - (side - 1) ** 2;
  const along = place % side;
  const edge = Math.floor(place / side) % 4;
  if (edge === 0) return [ring, along - ring + 1];
  if (edge === 1) return [ring - 1 - along, ring];
  if (edge === 2) return [-ring, ring - 1 - along];
  return [along - ring + 1, -ring];
}

/**
 * For each point the largest side of a square around it that meets no such square of a point that
 * comes earlier in a coarse-to-fine order. All points with room ≥ t can show squares of side t
 * without overlap, more of them the smaller t is: what is shown far out stays when you come nearer.
 *
 * `order` says who comes first within a level; points nearer than `least` to others get `least`.
 */
export function rooms(x, y, { order = shuffled(x.length), least = 1e-6 } = {}) {
  const room = new Float32Array(x.length);
  let waiting = order;
  const chosen = [];
  for (let side = 1; waiting.length && side > least / 2; side /= 2) {
    const cells = new Cells(x.length);
    for (const i of chosen) cells.add(Math.floor(x[i] / side), Math.floor(y[i] / side), i);
    const left = [];
    for (const i of waiting) {
      if (nearest(cells, x, y, i, side, 1) < side) {
        left.push(i);
        continue;
      }
      room[i] = Math.min(nearest(cells, x, y, i, side, 2), chosen.length ? 2 * side : 4);
      cells.add(Math.floor(x[i] / side), Math.floor(y[i] / side), i);
      chosen.push(i);
    }
    waiting = left;
  }
  for (const i of waiting) room[i] = least;
  return room;
}

/** Chebyshev distance to the nearest chosen point, looking `reach` cells around. */
function nearest(cells, x, y, i, side, reach) {
  const column = Math.floor(x[i] / side);
  const row = Math.floor(y[i] / side);
  let least = Infinity;
  for (let a = column - reach; a <= column + reach; a += 1) {
    for (let b = row - reach; b <= row + reach; b += 1) {
      for (let j = cells.head[cells.slot(a, b)]; j >= 0; j = cells.next[j]) {
        const far = Math.max(Math.abs(x[i] - x[j]), Math.abs(y[i] - y[j]));
        if (far < least) least = far;
      }
    }
  }
  return least;
}

/** 0 … n-1 in an order that looks random and is always the same. */
function shuffled(n) {
  const keys = new Uint32Array(n);
  for (let i = 0; i < n; i += 1) keys[i] = Math.imul(i + 1, GOLDEN) >>> 0;
  return Uint32Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b]);
}
