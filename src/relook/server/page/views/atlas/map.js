// The map itself: one canvas, drawn when something changed.

import { calm, color } from "../../parts/dom.js";
import { Camera, Motion } from "./camera.js";
import { mix, rgb } from "./colors.js";
import { nearest, showing, sizes } from "./detail.js";
import { Dots, pack } from "./dots.js";
import { Anchors, readable, Texts } from "./names.js";
import { drawPictures, ring } from "./pictures.js";
import { Thumbnails } from "./thumbnails.js";

const MOST_PIXELS = 5e6; // Of the canvas; a denser screen gets a coarser picture.
const FRESH = 6000; // Milliseconds in which new pictures are marked.

/** Draws points; `hooks` has thumbnail(id) → address, moved() when the view rests, colors. */
export class AtlasMap {
  constructor(canvas, hooks) {
    this.canvas = canvas;
    canvas.atlas = this; // For tests and for those who measure.
    this.hooks = hooks;
    this.context = canvas.getContext("2d", { alpha: false });
    this.camera = new Camera();
    this.motion = new Motion(this.camera, { calm, changed: () => this.changed() });
    this.thumbnails = new Thumbnails(hooks.thumbnail, () => this.redraw());
    this.dots = new Dots();
    this.texts = new Texts();
    this.points = null;
    this.highlight = undefined; // A name, null for "without label", undefined for all.
    this.glimpsed = undefined; // The same, of what the pointer is over in the legend.
    this.selected = null; // Uint8Array, 1 for each picture of the lasso.
    this.looked = -1;
    this.opened = -1;
    this.fresh = { indexes: [], until: 0 };
    this.inset = { top: 16, right: 16, bottom: 16, left: 16 };
    this.path = null;
    this.places = new Map();
    this.theme();
  }

  /** Take the colors of the page's theme. */
  theme() {
    const [paper, ink, muted] = [color("paper"), color("ink"), color("muted")];
    const ground = rgb(paper);
    this.dark = ground[0] < 128;
    this.colors = {
      ground,
      ink: rgb(ink),
      none: mix(rgb(muted), ground, this.dark ? 0.45 : 0.5),
      text: ink,
      paper,
      surface: color("surface"),
      ring: color("mark"),
      casing: color("mark-casing"),
      accent: color("accent"),
    };
    this.texts.clear();
    this.paint();
  }

  /** Show points; keeps the view where there was one. */
  show(points, { keep = false } = {}) {
    this.points = points;
    this.selected = null;
    this.looked = -1;
    this.paint();
    this.camera.home = this.#home();
    this.camera.most = nearest(this.camera, points);
    if (!keep) this.motion.jump(this.camera.home);
    setTimeout(() => {
      if (this.points !== points || this.closed) return;
      points.findRooms();
      this.camera.most = nearest(this.camera, points);
      this.changed();
    });
  }

  /** Colors or labels changed. */
  paint() {
    if (this.points) {
      this.hooks.colors.assign(this.points.namesBySize());
      this.palette = this.points.names.map((name) => rgb(this.hooks.colors.of(name, this.dark)));
      this.anchors = new Anchors(this.points);
    }
    this.changed();
  }

  #home() {
    return this.camera.fitting(this.points.bounds(), this.inset, 1e5);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    this.ratio = Math.min(devicePixelRatio || 1, Math.sqrt(MOST_PIXELS / (width * height)));
    const [w, h] = [Math.round(width * this.ratio), Math.round(height * this.ratio)];
    if (this.canvas.width !== w) this.canvas.width = w;
    if (this.canvas.height !== h) this.canvas.height = h;
    const atHome = Math.abs(this.camera.zoom - 1) < 0.02;
    this.camera.resize(width, height);
    if (this.points) {
      this.camera.home = this.#home();
      this.camera.most = nearest(this.camera, this.points);
      if (atHome) this.camera.set(this.camera.home);
    }
    this.draw(); // At once: a resized canvas is black until it is drawn.
  }

  /** Draw, and look after thumbnails when the view rests. */
  changed() {
    this.redraw();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.hooks.moved?.(), 350);
    this.wanted = true;
  }

  redraw() {
    if (this.request || this.closed) return;
    this.request = requestAnimationFrame((now) => {
      this.request = 0;
      const more = this.motion.step(now);
      this.draw();
      if (more) this.changed();
    });
  }

  draw() {
    if (!this.points || !this.ratio || this.closed) return;
    const began = performance.now();
    const { context, camera, points, ratio } = this;
    const size = sizes(camera, points.count);
    this.size = size;
    context.setTransform(1, 0, 0, 1, 0, 0);
    this.#drawDots(size);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const room = this.#room();
    const shown = showing(points, room, camera, size);
    const { places, moving } = drawPictures(context, {
      points, room, camera, size, shown, ratio, thumbnails: this.thumbnails, calm: calm(), frame: (i) => this.#frame(i), lit: (i) => this.#lit(i),
    });
    this.places = places;
    this.#drawMarks();
    this.#drawNames(size);
    if (this.path) this.hooks.drawPath(context, this.path, this.colors);
    this.#want(shown, size);
    if (moving) this.redraw();
    if (this.began === undefined) performance.mark("atlas-drawn");
    this.began = began; // For those who measure.
    this.took = performance.now() - began;
  }

  /** Of thumbnails: with a highlight only its pictures have any, so more of them are seen. */
  #room() {
    const { points, highlight } = this;
    if (highlight === undefined || !points.room) return points.room;
    const { alone } = this;
    if (alone?.points !== points || alone.name !== highlight || alone.labels !== this.palette) {
      this.alone = { points, name: highlight, labels: this.palette, room: points.roomsOf(points.named(highlight)) };
    }
    return this.alone.room;
  }

  get #only() {
    return this.glimpsed === undefined ? this.highlight : this.glimpsed;
  }

  #lit(i) {
    return this.#only === undefined || this.points.name(i) === this.#only;
  }

  #rgb(i) {
    const label = this.points.label[i];
    return label < 0 ? this.colors.none : this.palette[label];
  }

  #drawDots(size) {
    const { camera, points, ratio, colors, canvas } = this;
    const seen = points.within(camera.box(12));
    this.seen = seen.length;
    this.dots.begin(this.context, canvas.width, canvas.height, colors.ground);
    const place = {
      x: points.x, y: points.y, scale: camera.scale * ratio,
      left: camera.x - camera.width / 2 / camera.scale, top: camera.y - camera.height / 2 / camera.scale,
    }; // prettier-ignore
    const tones = this.#tones();
    const tone = (i) => tones[points.label[i] + 1];
    const radius = size.dot * ratio;
    const layers = [[], [], []]; // Dimmed, gray, colored: the last ones lie on top.
    const layer = this.#layers();
    for (let k = 0; k < seen.length; k += 1) layers[layer[points.label[seen[k]] + 1]].push(seen[k]);
    for (const some of layers) {
      if (seen.length < 12000 && some !== layers[0]) {
        const halo = pack(colors.ground);
        this.dots.stamp(some, place, radius + 0.8 * ratio, () => halo);
      }
      this.dots.stamp(some, place, some === layers[1] ? 0.85 * radius : radius, tone);
    }
    if (this.selected) this.#drawSelected(seen, place, radius, tone);
    this.dots.show(this.context);
  }

  /** On which layer those of none lie, and of each label. */
  #layers() {
    const only = this.#only;
    return Uint8Array.from([null, ...this.points.names], (name, k) => (only !== undefined && only !== name ? 0 : k ? 2 : 1));
  }

  /** Packed colors: of none first, then of each label; dimmed unless highlighted. */
  #tones() {
    const { colors, points } = this;
    const only = this.#only;
    const names = [null, ...points.names];
    return Uint32Array.from(names, (name, k) => {
      const full = k === 0 ? colors.none : this.palette[k - 1];
      const lit = only === undefined || only === name;
      return pack(lit ? (only === null ? mix(full, colors.ink, 0.35) : full) : mix(full, colors.ground, 0.82));
    });
  }

  #drawSelected(seen, place, radius, tone) {
    const chosen = [...seen].filter((i) => this.selected[i]);
    const ink = pack(this.colors.ink);
    const ground = pack(this.colors.ground);
    this.dots.stamp(chosen, place, radius + 3 * this.ratio, () => ink);
    this.dots.stamp(chosen, place, radius + 1.2 * this.ratio, () => ground);
    this.dots.stamp(chosen, place, radius, tone);
  }

  #frame(i) {
    if (this.selected?.[i]) return { color: this.colors.text, line: 2 };
    const [r, g, b] = this.#rgb(i);
    const line = this.points.label[i] < 0 ? 0 : this.size.side > 90 ? 2.5 : 1.5;
    return { color: line ? `rgb(${r} ${g} ${b})` : this.colors.paper, line };
  }

  #drawNames(size) {
    const { anchors, camera, context, points } = this;
    const style = { ink: this.colors.text, ground: this.colors.surface, ratio: this.ratio };
    const tint = (label) => `rgb(${this.palette[label].join(" ")})`;
    if (size.captions) {
      for (const [i, [left, top, width, height]] of this.places) {
        const name = points.name(i);
        if (name === null || !this.#lit(i) || width + height < size.side) continue;
        const most = Math.max(64, Math.round(Math.min(size.side, width + 24)));
        this.texts.draw(context, name, left + width / 2, top + height - 4, { ...style, color: tint(points.label[i]), most });
      }
      return;
    }
    for (const { label, center, x, y } of readable(anchors, camera)) {
      if (this.#only !== undefined && points.names[label] !== this.#only) continue;
      const place = this.places.get(center);
      const below = place ? place[1] + place[3] + 3 : y + size.dot + 13;
      this.texts.draw(context, points.names[label], x, below, { ...style, color: tint(label), most: 140, strong: true });
    }
  }

  #drawMarks() {
    const { context, colors } = this;
    if (performance.now() < this.fresh.until) {
      for (const i of this.fresh.indexes) ring(context, this.at(i), colors, { radius: this.size.dot + 5, line: 2 });
    }
    for (const i of [this.opened, this.looked]) {
      if (i >= 0) ring(context, this.at(i), colors, { radius: this.size.dot + 4 });
    }
  }

  /** Ask for the thumbnails of the view, the middle first. Not in every frame: panning goes first. */
  #want(shown, size) {
    if (!this.wanted) return;
    this.wanted = false;
    this.asked = { shown, size };
    if (this.asking) return;
    this.asking = setTimeout(() => {
      this.asking = 0;
      if (this.closed) return;
      const { points, camera } = this;
      const near = (i) => Math.hypot(points.x[i] - camera.x, points.y[i] - camera.y);
      const order = this.asked.shown.filter((i) => i < points.count).sort((a, b) => near(a) - near(b));
      this.thumbnails.want(order.map((i) => points.ids[i]), this.asked.size.side * this.ratio);
    }, 70);
  }

  /** Where a picture is on the screen: its rectangle, or its dot's center. */
  at(i) {
    return this.places.get(i) || this.camera.toScreen(this.points.x[i], this.points.y[i]);
  }

  /** The picture under a pixel: the uppermost thumbnail, or the nearest dot within reach; -1. */
  hit(px, py, reach = 6) {
    if (!this.points) return -1;
    const over = [...this.places].filter(
      ([, [left, top, width, height]]) => px >= left && px <= left + width && py >= top && py <= top + height,
    );
    if (over.length) return over[over.length - 1][0];
    const [x, y] = this.camera.toMap(px, py);
    return this.points.nearest(x, y, (this.size.dot + reach) / this.camera.scale);
  }

  /** The picture nearest the middle of what is not covered by panels. */
  central() {
    const { camera, inset, points } = this;
    const [x, y] = camera.toMap(
      (inset.left + camera.width - inset.right) / 2,
      (inset.top + camera.height - inset.bottom) / 2,
    );
    return points.nearest(x, y, Math.max(camera.width, camera.height) / camera.scale);
  }

  fit(some = null) {
    if (!some) return this.motion.glide(this.camera.home);
    const box = this.points.bounds(some);
    const pad = Math.max(0.01, 0.15 * Math.max(box[2] - box[0], box[3] - box[1]));
    const wide = [box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad];
    return this.motion.glide(this.camera.fitting(wide, this.inset, this.camera.most));
  }

  zoom(factor, px = this.camera.width / 2, py = this.camera.height / 2) {
    this.motion.glide(this.camera.zoomed(factor, px, py, this.motion.view));
  }

  pan(dx, dy) {
    const view = this.motion.view;
    this.motion.glide({ ...view, x: view.x + dx / view.scale, y: view.y + dy / view.scale });
  }

  glimpse(name) {
    this.glimpsed = name;
    this.redraw();
  }

  look(i) {
    if (i === this.looked) return;
    this.looked = i;
    this.redraw();
  }

  mark(indexes) {
    this.fresh = { indexes, until: performance.now() + FRESH };
    this.redraw();
    setTimeout(() => this.redraw(), FRESH + 50);
  }

  close() {
    this.closed = true;
    cancelAnimationFrame(this.request);
    clearTimeout(this.resting);
    clearTimeout(this.asking);
    this.thumbnails.close();
  }
}
