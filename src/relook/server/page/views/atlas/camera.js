// What of the map is seen: center in map coordinates, scale in CSS pixels per map side.

const OUT = 0.6; // How far one may zoom out, as a share of what shows all.

export class Camera {
  constructor() {
    this.x = 0.5;
    this.y = 0.5;
    this.scale = 1;
    this.width = 1;
    this.height = 1;
    this.home = { x: 0.5, y: 0.5, scale: 1 };
    this.most = 1e4;
  }

  /** How much nearer than the whole map. */
  get zoom() {
    return this.scale / this.home.scale;
  }

  resize(width, height) {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
  }

  toScreen(x, y) {
    return [(x - this.x) * this.scale + this.width / 2, (y - this.y) * this.scale + this.height / 2];
  }

  toMap(px, py) {
    return [(px - this.width / 2) / this.scale + this.x, (py - this.height / 2) / this.scale + this.y];
  }

  /** What is seen, with some pixels around it: [left, top, right, bottom]. */
  box(margin = 0) {
    const [left, top] = this.toMap(-margin, -margin);
    return [left, top, ...this.toMap(this.width + margin, this.height + margin)];
  }

  /** The view that shows a box within the insets {top, right, bottom, left} in pixels. */
  fitting([left, top, right, bottom], inset, most = this.most) {
    const width = Math.max(80, this.width - inset.left - inset.right);
    const height = Math.max(80, this.height - inset.top - inset.bottom);
    const scale = Math.min(width / Math.max(right - left, 1e-6), height / Math.max(bottom - top, 1e-6), most);
    return {
      x: (left + right) / 2 - (inset.left - inset.right) / 2 / scale,
      y: (top + bottom) / 2 - (inset.top - inset.bottom) / 2 / scale,
      scale,
    };
  }

  /** The view after a zoom around a pixel. */
  zoomed(factor, px, py, from = this) {
    const scale = this.#bounded(from.scale * factor);
    const [dx, dy] = [px - this.width / 2, py - this.height / 2];
    return {
      x: from.x + dx / from.scale - dx / scale,
      y: from.y + dy / from.scale - dy / scale,
      scale,
    };
  }

  set(view) {
    this.scale = this.#bounded(view.scale);
    this.x = Math.min(1.02, Math.max(-0.02, view.x));
    this.y = Math.min(1.02, Math.max(-0.02, view.y));
  }

  #bounded(scale) {
    return Math.min(this.most, Math.max(OUT * this.home.scale, scale));
  }
}

/** Moves a camera over time: to a view, or on with the speed of a released drag. */
export class Motion {
  constructor(camera, { calm, changed }) {
    this.camera = camera;
    this.calm = calm;
    this.changed = changed;
    this.target = null;
    this.speed = null;
    this.last = 0;
  }

  get view() {
    return this.target || { x: this.camera.x, y: this.camera.y, scale: this.camera.scale };
  }

  jump(view) {
    this.stop();
    this.camera.set(view);
    this.changed();
  }

  glide(view) {
    if (this.calm()) return this.jump(view);
    this.speed = null;
    this.target = view;
    return this.changed();
  }

  /** Go on after a drag, in pixels per millisecond. */
  coast(vx, vy) {
    if (this.calm() || Math.hypot(vx, vy) < 0.15) return;
    this.speed = [vx, vy];
    this.changed();
  }

  stop() {
    this.target = null;
    this.speed = null;
  }

  /** One frame; true while there is more to come. */
  step(now) {
    const passed = Math.min(64, now - this.last || 16);
    this.last = now;
    if (this.target) this.#approach(passed);
    else if (this.speed) this.#coast(passed);
    return Boolean(this.target || this.speed);
  }

  #approach(passed) {
    const { camera, target } = this;
    const share = 1 - Math.exp(-passed / 75);
    const scale = camera.scale * (target.scale / camera.scale) ** share;
    // The center follows the scale, so that what was under the pointer stays there.
    const moved = Math.abs(target.scale - camera.scale) > 1e-9 * target.scale
      ? (1 / camera.scale - 1 / scale) / (1 / camera.scale - 1 / target.scale)
      : share;
    const [x, y] = [camera.x + (target.x - camera.x) * moved, camera.y + (target.y - camera.y) * moved];
    camera.set({ x, y, scale });
    const left = Math.hypot(target.x - camera.x, target.y - camera.y) * camera.scale;
    const near = Math.abs(Math.log(target.scale / camera.scale)) < 0.002 && left < 0.4;
    const stuck = camera.x !== x && camera.y !== y; // At the edge of the map.
    if (near || stuck) {
      if (near) camera.set(target);
      this.target = null;
    }
  }

  #coast(passed) {
    const { camera } = this;
    const [vx, vy] = this.speed;
    camera.set({
      x: camera.x - (vx * passed) / camera.scale,
      y: camera.y - (vy * passed) / camera.scale,
      scale: camera.scale,
    });
    const slower = Math.exp(-passed / 220);
    this.speed = Math.hypot(vx, vy) < 0.02 ? null : [vx * slower, vy * slower];
  }
}
