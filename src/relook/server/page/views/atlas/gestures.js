// Wheel, mouse, touch, pen and keys move the map.

const CLICK = 5; // Pixels that a pointer may move and still click.

/** Listens on `surface`; `acts` has map, tap(px, py, event), hover(px, py | null), lasso. */
export function gestures(surface, acts) {
  const pointers = new Map();
  let drag = null;
  let pinch = null;

  const local = (event) => {
    const box = surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  function down(event) {
    if (event.button > 0 || event.target.closest("button, a, input")) return;
    const [x, y] = local(event);
    surface.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, [x, y]);
    acts.map.motion.stop();
    if (acts.lasso.active && pointers.size === 1) {
      acts.hover(null);
      acts.lasso.begin(x, y, event);
      return;
    }
    if (pointers.size === 2) {
      acts.lasso.cancel();
      pinch = spread();
      drag = null;
      return;
    }
    drag = { x, y, startX: x, startY: y, moved: false, trail: [[performance.now(), x, y]] };
  }

  function move(event) {
    const [x, y] = local(event);
    if (!pointers.has(event.pointerId)) {
      if (event.pointerType !== "touch") acts.hover(x, y);
      return;
    }
    pointers.set(event.pointerId, [x, y]);
    if (pinch && pointers.size >= 2) return squeeze();
    if (acts.lasso.drawing) {
      const all = event.getCoalescedEvents?.() || [];
      for (const one of all.length ? all : [event]) acts.lasso.draw(...local(one));
      return;
    }
    if (drag) pull(x, y);
  }

  function pull(x, y) {
    if (!drag.moved && Math.hypot(x - drag.startX, y - drag.startY) < CLICK) return;
    if (!drag.moved) acts.hover(null);
    drag.moved = true;
    const { camera } = acts.map;
    const { scale } = camera;
    acts.map.motion.jump({ x: camera.x - (x - drag.x) / scale, y: camera.y - (y - drag.y) / scale, scale });
    [drag.x, drag.y] = [x, y];
    drag.trail.push([performance.now(), x, y]);
    if (drag.trail.length > 6) drag.trail.shift();
  }

  function spread() {
    const [[ax, ay], [bx, by]] = [...pointers.values()];
    return { far: Math.max(10, Math.hypot(ax - bx, ay - by)), x: (ax + bx) / 2, y: (ay + by) / 2 };
  }

  function squeeze() {
    const next = spread();
    const { camera, motion } = acts.map;
    const view = camera.zoomed(next.far / pinch.far, next.x, next.y);
    motion.jump({ ...view, x: view.x - (next.x - pinch.x) / view.scale, y: view.y - (next.y - pinch.y) / view.scale });
    pinch = next;
  }

  function up(event) {
    if (!pointers.delete(event.pointerId)) return;
    if (acts.lasso.drawing) acts.lasso.end(event);
    if (pinch) {
      if (pointers.size < 2) pinch = null;
      return;
    }
    if (drag && !drag.moved && event.type === "pointerup") acts.tap(...local(event), event);
    else if (drag?.moved) release(drag.trail);
    drag = null;
  }

  function release(trail) {
    const [when, x, y] = trail[0];
    const [end, lastX, lastY] = trail[trail.length - 1];
    if (performance.now() - end > 60 || end - when < 8) return; // It was held still at the end.
    acts.map.motion.coast((lastX - x) / (end - when), (lastY - y) / (end - when));
  }

  function wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 24 : event.deltaMode === 2 ? 240 : 1;
    const step = Math.max(-160, Math.min(160, event.deltaY * lines));
    acts.map.zoom(Math.exp(-step * (event.ctrlKey ? 0.012 : 0.0032)), ...local(event));
    acts.hover(null);
  }

  function twice(event) {
    if (event.target.closest("button, a, input")) return;
    event.preventDefault();
    acts.map.zoom(event.shiftKey ? 0.45 : 2.2, ...local(event));
  }

  surface.addEventListener("pointerdown", down);
  surface.addEventListener("pointermove", move);
  surface.addEventListener("pointerup", up);
  surface.addEventListener("pointercancel", up);
  surface.addEventListener("pointerleave", () => acts.hover(null));
  surface.addEventListener("wheel", wheel, { passive: false });
  surface.addEventListener("dblclick", twice);
  surface.addEventListener("keydown", (event) => keys(event, acts));
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function keys(event, acts) {
  if (event.target !== event.currentTarget) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "z") acts.takeBack();
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { map } = acts;
  const step = STEPS[event.key];
  const far = event.shiftKey ? 320 : 96;
  const does = {
    "+": () => map.zoom(1.6),
    "=": () => map.zoom(1.6),
    "-": () => map.zoom(1 / 1.6),
    _: () => map.zoom(1 / 1.6),
    0: () => map.fit(),
    Enter: () => acts.open(map.central()),
    l: () => acts.lasso.toggle(),
    L: () => acts.lasso.toggle(),
    Escape: () => acts.escape(),
  }[event.key];
  if (!step && !does) return;
  event.preventDefault();
  if (step) map.pan(step[0] * far, step[1] * far);
  else does();
  acts.keyed();
}
