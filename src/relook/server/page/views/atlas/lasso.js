// The lasso: draw around pictures to choose them.

/** Which pictures are chosen; `changed()` is called whenever something of it changes. */
export class Lasso {
  constructor(map, { allowed, changed }) {
    this.map = map;
    this.allowed = allowed; // Not where nothing may be changed.
    this.changed = changed;
    this.active = false;
    this.drawing = false;
    this.mode = "new"; // "new" | "add" | "remove"; Shift and Alt go before it.
    this.count = 0;
  }

  toggle(on = !this.active) {
    if (!this.allowed) return;
    this.active = on;
    if (!on) this.clear();
    this.changed();
  }

  get chosen() {
    const some = [];
    if (this.map.selected) this.map.selected.forEach((one, i) => one && some.push(i));
    return some;
  }

  begin(x, y, event) {
    this.drawing = true;
    this.now = event.shiftKey ? "add" : event.altKey ? "remove" : this.mode;
    this.map.path = [[x, y]];
    this.map.redraw();
  }

  draw(x, y) {
    const { path } = this.map;
    const [lastX, lastY] = path[path.length - 1];
    if (Math.hypot(x - lastX, y - lastY) < 3) return;
    path.push([x, y]);
    this.map.redraw();
  }

  end() {
    const { path } = this.map;
    this.cancel();
    if (path.length < 3) this.#one(path[0]);
    else this.#take(this.#inside(path), this.now);
  }

  /** Give up the line that is being drawn. */
  cancel() {
    this.drawing = false;
    this.map.path = null;
    this.map.redraw();
  }

  clear() {
    this.map.selected = null;
    this.count = 0;
    this.cancel();
    this.changed();
  }

  /** Choose these, as after the map changed. */
  choose(some) {
    this.#take(some, "new");
  }

  /** All in view: the lasso of those who do not draw. */
  everything() {
    const { points, camera } = this.map;
    this.#take([...points.within(camera.box())], this.mode);
  }

  /** A click on one picture puts it in or out. */
  #one([x, y]) {
    const i = this.map.hit(x, y, 10);
    if (i < 0) return;
    const out = this.now === "remove" || (this.map.selected?.[i] && this.now !== "new");
    this.#take([i], out ? "remove" : this.map.selected?.[i] ? "remove" : "add");
  }

  #take(some, mode) {
    const { points, highlight } = this.map;
    const mask = mode === "new" || !this.map.selected ? new Uint8Array(points.count) : this.map.selected;
    for (const i of some) {
      if (highlight !== undefined && points.name(i) !== highlight) continue; // Dimmed ones are left alone.
      mask[i] = mode === "remove" ? 0 : 1;
    }
    this.count = mask.reduce((sum, one) => sum + one, 0);
    this.map.selected = this.count ? mask : null;
    this.map.redraw();
    this.changed();
  }

  #inside(path) {
    const { camera, points } = this.map;
    const polygon = path.map(([x, y]) => camera.toMap(x, y));
    const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)];
    const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    return [...points.within(box)].filter((i) => within(polygon, points.x[i], points.y[i]));
  }
}

/** Is a point inside a polygon? Even-odd rule, as for a line that crosses itself. */
function within(polygon, x, y) {
  let inside = false;
  for (let k = 0, j = polygon.length - 1; k < polygon.length; j = k, k += 1) {
    const [ax, ay] = polygon[k];
    const [bx, by] = polygon[j];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** Draw the line of the lasso. */
export function drawPath(context, path, colors) {
  context.beginPath();
  path.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.globalAlpha = 0.14;
  context.fillStyle = colors.accent;
  context.fill("evenodd");
  context.globalAlpha = 1;
  context.lineJoin = "round";
  context.strokeStyle = colors.paper;
  context.lineWidth = 4.5;
  context.stroke();
  context.strokeStyle = colors.accent;
  context.lineWidth = 2;
  context.setLineDash([7, 5]);
  context.stroke();
  context.setLineDash([]);
}
