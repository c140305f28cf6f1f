// Points as pixels, written by ourselves: tens of thousands per frame without a GPU.

const PHASES = 4; // Positions within a pixel that have a stamp of their own.
const WHOLE = 128; // Of a pixel: so a color times its share fits in 31 bits.
const MARGIN = 24; // Pixels around the picture, so that no stamp has to be cut.

/** A picture of dots, opaque, in device pixels. */
export class Dots {
  constructor() {
    this.stamps = new Map();
    this.width = 0;
  }

  begin(context, width, height, background) {
    if (width !== this.width || height !== this.height) {
      [this.width, this.height] = [width, height];
      this.stride = width + 2 * MARGIN;
      this.image = context.createImageData(this.stride, height + 2 * MARGIN);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.stamps.clear();
    }
    this.pixels.fill(pack(background));
  }

  /** Dots of some radius; `place` has x, y of all, what lies at the left top, and pixels per unit. */
  stamp(some, { x: xs, y: ys, left, top, scale }, radius, colorOf) {
    const stamps = this.#stamps(Math.min(radius, MARGIN - 3));
    const { pixels, stride, width, height } = this;
    const edge = MARGIN - 2;
    for (let k = 0; k < some.length; k += 1) {
      const i = some[k];
      const x = (xs[i] - left) * scale;
      const y = (ys[i] - top) * scale;
      if (!(x > -edge + radius && y > -edge + radius && x < width + edge - radius && y < height + edge - radius)) continue;
      const [column, row] = [Math.floor(x), Math.floor(y)];
      const phase = Math.floor((y - row) * PHASES) * PHASES + Math.floor((x - column) * PHASES);
      blot(pixels, (row + MARGIN) * stride + column + MARGIN, stamps[phase], colorOf(i));
    }
  }

  show(context) {
    context.putImageData(this.image, -MARGIN, -MARGIN);
  }

  #stamps(radius) {
    const key = Math.round(radius * 8);
    if (!this.stamps.has(key)) {
      if (this.stamps.size > 64) this.stamps.clear();
      const all = [];
      for (let k = 0; k < PHASES * PHASES; k += 1) {
        all.push(disc(key / 8, ((k % PHASES) + 0.5) / PHASES, (Math.floor(k / PHASES) + 0.5) / PHASES, this.stride));
      }
      this.stamps.set(key, all);
    }
    return this.stamps.get(key);
  }
}

/** A disc with soft edge around (cx, cy) of the pixel at 0: offsets of full pixels, and of partial ones. */
function disc(radius, cx, cy, stride) {
  const solid = [];
  const edge = [];
  const cover = [];
  const reach = Math.ceil(radius + 1);
  for (let row = -reach; row <= reach; row += 1) {
    for (let column = -reach; column <= reach; column += 1) {
      const far = Math.hypot(column + 0.5 - cx, row + 0.5 - cy);
      const share = Math.min(1, Math.max(0, radius + 0.5 - far));
      if (share > 0.97) solid.push(row * stride + column);
      else if (share > 0.03) {
        edge.push(row * stride + column);
        cover.push(Math.round(share * WHOLE));
      }
    }
  }
  return { solid: Int32Array.from(solid), edge: Int32Array.from(edge), cover: Int32Array.from(cover) };
}

function blot(pixels, base, { solid, edge, cover }, color) {
  for (let k = 0; k < solid.length; k += 1) pixels[base + solid[k]] = color;
  const [redBlue, green] = [color & 0xff00ff, color & 0x00ff00];
  for (let k = 0; k < edge.length; k += 1) {
    const at = base + edge[k];
    const below = pixels[at];
    const over = cover[k];
    const under = WHOLE - over;
    const a = (Math.imul(redBlue, over) + Math.imul(below & 0xff00ff, under)) >> 7;
    const b = (Math.imul(green, over) + Math.imul(below & 0x00ff00, under)) >> 7;
    pixels[at] = 0xff000000 | (a & 0xff00ff) | (b & 0x00ff00);
  }
}

/** [r, g, b] as one pixel. */
export function pack([r, g, b]) {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
