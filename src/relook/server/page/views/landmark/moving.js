// Drag, wheel, pinch and keys over a map.

const STEP = 60; // Pixels per arrow key.

/** `map` has pan(dx, dy), zoom(factor, [x, y]) and home(); the answer stops it. */
export function moving(node, map) {
  const fingers = new Map();
  const point = (event) => {
    const box = node.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const listeners = {
    pointerdown(event) {
      if (event.target.closest("button")) return;
      fingers.set(event.pointerId, point(event));
      node.setPointerCapture(event.pointerId);
    },
    pointermove(event) {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const now = point(event);
      if (fingers.size === 2) pinch(event.pointerId, before, now);
      else map.pan(now[0] - before[0], now[1] - before[1]);
      fingers.set(event.pointerId, now);
    },
    pointerup: (event) => fingers.delete(event.pointerId),
    pointercancel: (event) => fingers.delete(event.pointerId),
    wheel(event) {
      event.preventDefault();
      map.zoom(2 ** (-event.deltaY / (event.ctrlKey ? 60 : 240)), point(event));
    },
    dblclick(event) {
      if (!event.target.closest("button")) map.zoom(event.shiftKey ? 0.5 : 2, point(event));
    },
    keydown(event) {
      const way = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[event.key];
      if (way) map.pan(...way);
      else if (event.key === "+" || event.key === "=") map.zoom(1.6);
      else if (event.key === "-") map.zoom(1 / 1.6);
      else if (event.key === "0") map.home();
      else return;
      event.preventDefault();
    },
  };

  function pinch(moved, before, now) {
    const other = [...fingers].find(([id]) => id !== moved)[1];
    const length = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
    const middle = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
    map.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    map.zoom(length(now, other) / Math.max(length(before, other), 1), middle);
  }

  for (const [name, listener] of Object.entries(listeners)) node.addEventListener(name, listener, { passive: false });
  return () => {
    for (const [name, listener] of Object.entries(listeners)) node.removeEventListener(name, listener);
  };
}
