"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { x, y, label, names, colors, captions, tile, columns, order, sizes } = data;
  const count = x.length;
  const hidden = new Set();
  const byId = (id) => document.getElementById(id);
  const map = byId("map"), pen = map.getContext("2d"), stage = byId("stage");
  const card = byId("card"), large = byId("large"), said = byId("said");
  const sheet = new Image();
  const view = { zoom: 1, left: 0, top: 0, side: 1, wide: 1, high: 1 };
  const MOST = 60;
  const ASIDE = 1000, CROWD = 3000;
  const STEPS = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, 1], [1, -1], [-1, -1]];
  let style = {}, pending = false, drawn = [], under = -1, only = null;

  const shown = (i) => !hidden.has(label[i]);
  const lit = (i) => only === null || hidden.has(only) || label[i] === only;
  const inkOf = (number) => (number < 0 ? style.bare : colors[style.dark ? 1 : 0][number]);
  const colorOf = (i) => inkOf(label[i]);
  const screenX = (i) => view.left + x[i] * view.side * view.zoom;
  const screenY = (i) => view.top + y[i] * view.side * view.zoom;
  const thumbSide = () => {
    const whole = Math.min(140, Math.max(26, (0.8 * view.side) / Math.sqrt(count)));
    return Math.min(1.5 * tile, whole * Math.max(1, view.zoom) ** 0.55);
  };

  function readStyle() {
    const found = getComputedStyle(document.documentElement);
    style = { dark: found.getPropertyValue("--dark").trim() === "1", bare: found.getPropertyValue("--bare"), ink: found.getPropertyValue("--ink"),
      paper: found.getPropertyValue("--paper"), focus: found.getPropertyValue("--focus") };
  }

  function redraw() {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => { pending = false; draw(); });
  }

  function draw() {
    const ratio = window.devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, view.wide, view.high);
    const size = thumbSide(), taken = new Map(), picked = [], late = [];
    const radius = Math.min(6, Math.max(2.2, 2.2 + view.zoom * 0.25)), near = 2 * size;
    const dots = new Map();
    for (const i of order) {
      if (!shown(i)) continue;
      const px = screenX(i), py = screenY(i);
      if (px < -near || py < -near || px > view.wide + near || py > view.high + near) continue;
      const color = `${lit(i) ? 1 : 0.12} ${colorOf(i)}`;
      if (!dots.has(color)) dots.set(color, []);
      dots.get(color).push(px, py);
      const half = [(sizes[i][0] / tile) * size / 2 + 2.5, (sizes[i][1] / tile) * size / 2 + 2.5];
      if (claims(taken, px, py, half, size + 5)) picked.push([i, px, py]);
      else if (late.length < ASIDE) late.push([i, px, py, half]);
    }
    drawDots(dots, radius);
    for (const [i, px, py, half] of late) {
      // Beside its place rather than not at all, at most a tile away.
      const free = (reach) => STEPS.map(([dx, dy]) => [px + dx * reach * half[0], py + dy * reach * half[1]])
        .find(([ax, ay]) => claims(taken, ax, ay, half, size + 5));
      const found = free(1) || free(2);
      if (found) picked.push([i, ...found]);
    }
    drawn = picked;
    for (const [i, px, py] of picked) {
      pen.globalAlpha = lit(i) ? 1 : 0.12;
      drawTile(i, px, py, size);
    }
    pen.globalAlpha = 1;
    if (under >= 0 && shown(under)) {
      const [, px, py] = picked.find(([i]) => i === under) || [0, screenX(under), screenY(under)];
      drawTile(under, px, py, size, true);
    }
  }

  // One path per color; squares where there are very many, which are much cheaper.
  function drawDots(dots, radius) {
    for (const [color, points] of dots) {
      const plain = count > CROWD && radius < 4;
      const [alpha, ink] = color.split(" ");
      pen.globalAlpha = Number(alpha);
      pen.fillStyle = ink;
      pen.beginPath();
      for (let k = 0; k < points.length; k += 2) {
        const px = points[k], py = points[k + 1];
        if (plain) pen.rect(px - radius, py - radius, 2 * radius, 2 * radius);
        else { pen.moveTo(px + radius, py); pen.arc(px, py, radius, 0, 7); }
      }
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  // A picture has room where it lies over none that came first.
  function claims(taken, px, py, half, cell) {
    const column = Math.floor(px / cell), row = Math.floor(py / cell);
    for (let r = row - 1; r <= row + 1; r++) {
      for (let c = column - 1; c <= column + 1; c++) {
        for (const [ox, oy, other] of taken.get(r * 65536 + c) || []) {
          if (Math.abs(ox - px) < half[0] + other[0] && Math.abs(oy - py) < half[1] + other[1]) {
            return false;
          }
        }
      }
    }
    const key = row * 65536 + column;
    if (!taken.has(key)) taken.set(key, []);
    taken.get(key).push([px, py, half]);
    return true;
  }

  function drawTile(i, px, py, size, bold = false) {
    const [wide, high] = sizes[i], zoom = size / tile;
    const w = wide * zoom, h = high * zoom, border = bold ? 4 : label[i] < 0 ? 1 : size < 40 ? 2 : 3;
    pen.fillStyle = bold ? style.focus : colorOf(i);
    pen.fillRect(px - w / 2 - border, py - h / 2 - border, w + 2 * border, h + 2 * border);
    const column = i % columns, row = Math.floor(i / columns);
    if (sheet.complete) {
      pen.drawImage(sheet, column * tile, row * tile, wide, high, px - w / 2, py - h / 2, w, h);
    }
  }

  function resize() {
    const box = stage.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
    const before = view.wide;
    view.wide = Math.max(1, box.width);
    view.high = Math.max(1, box.height);
    map.width = Math.round(view.wide * ratio);
    map.height = Math.round(view.high * ratio);
    if (before <= 1) fit(); else redraw();
  }

  function fit() {
    view.side = Math.min(view.wide, view.high);
    view.zoom = 1;
    const margin = 14 + 1.25 * thumbSide();
    const wide = Math.max(1e-3, data.box[2] - data.box[0]);
    const high = Math.max(1e-3, data.box[3] - data.box[1]);
    view.side = Math.min((view.wide - 2 * margin) / wide, (view.high - 2 * margin) / high);
    view.side = Math.max(1, Math.min(view.side, 2 * Math.max(view.wide, view.high)));
    view.left = view.wide / 2 - (data.box[0] + wide / 2) * view.side;
    view.top = view.high / 2 - (data.box[1] + high / 2) * view.side;
    redraw();
  }

  function zoomAt(px, py, factor) {
    const zoom = Math.min(MOST, Math.max(0.5, view.zoom * factor)), real = zoom / view.zoom;
    view.left = px - (px - view.left) * real;
    view.top = py - (py - view.top) * real;
    view.zoom = zoom;
    redraw();
  }

  const zoomMiddle = (factor) => zoomAt(view.wide / 2, view.high / 2, factor);

  function move(dx, dy) {
    view.left += dx;
    view.top += dy;
    redraw();
  }

  function nearest(px, py, most) {
    const size = thumbSide();
    let best = -1, least = most;
    for (const [i, tx, ty] of drawn) {
      const far = Math.max(Math.abs(tx - px), Math.abs(ty - py));
      if (far <= size / 2 && far < least) { best = i; least = far; }
    }
    if (best >= 0) return best;
    for (let i = 0; i < count; i++) {
      if (!shown(i)) continue;
      const far = Math.hypot(screenX(i) - px, screenY(i) - py);
      if (far < least) { best = i; least = far; }
    }
    return best;
  }

  function show(i, px, py) {
    if (i === under && i < 0) return;
    under = i;
    card.hidden = i < 0;
    if (i >= 0) {
      const [wide, high] = sizes[i], ratio = 240 / Math.max(wide, high, 120);
      large.width = wide; large.height = high;
      large.style.width = `${Math.round(wide * ratio)}px`;
      if (sheet.complete) {
        large.getContext("2d").drawImage(sheet, (i % columns) * tile,
          Math.floor(i / columns) * tile, wide, high, 0, 0, wide, high);
      }
      const words = card.querySelector("figcaption"), name = document.createElement("b");
      name.textContent = label[i] < 0 ? "no label" : names[label[i]];
      words.replaceChildren(name, captions[i]);
      const box = card.getBoundingClientRect();
      const right = px + 24 + box.width > view.wide, below = py + 24 + box.height > view.high;
      card.style.left = `${Math.max(4, right ? px - box.width - 20 : px + 20)}px`;
      card.style.top = `${Math.max(4, below ? view.high - box.height - 8 : py + 20)}px`;
    }
    redraw();
  }

  const pointers = new Map();
  map.addEventListener("pointerdown", (event) => {
    map.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    map.classList.add("moving");
  });
  map.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) {
      show(nearest(event.offsetX, event.offsetY, 14 + thumbSide() / 2), event.offsetX, event.offsetY);
      return;
    }
    const other = [...pointers].find(([id]) => id !== event.pointerId);
    if (other) {
      const [ox, oy] = other[1];
      const was = Math.hypot(before[0] - ox, before[1] - oy) || 1;
      zoomAt(ox, oy, Math.hypot(event.offsetX - ox, event.offsetY - oy) / was);
    } else move(event.offsetX - before[0], event.offsetY - before[1]);
    pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
  });
  const lift = (event) => {
    pointers.delete(event.pointerId);
    if (!pointers.size) map.classList.remove("moving");
  };
  map.addEventListener("pointerup", (event) => {
    lift(event);
    if (event.pointerType === "touch") {
      show(nearest(event.offsetX, event.offsetY, 14 + thumbSide() / 2), event.offsetX, event.offsetY);
    }
  });
  map.addEventListener("pointercancel", lift);
  map.addEventListener("pointerleave", () => show(-1));
  map.addEventListener("dblclick", (event) => zoomAt(event.offsetX, event.offsetY, 2));
  map.addEventListener("wheel", (event) => {
    event.preventDefault();
    const step = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
    zoomAt(event.offsetX, event.offsetY, Math.exp(-Math.max(-200, Math.min(200, step)) * 0.0022));
  }, { passive: false });

  const KEYS = {
    ArrowLeft: () => move(80, 0), ArrowRight: () => move(-80, 0), ArrowUp: () => move(0, 80),
    ArrowDown: () => move(0, -80), "+": () => zoomMiddle(1.4), "=": () => zoomMiddle(1.4),
    "-": () => zoomMiddle(1 / 1.4), 0: fit, Escape: () => show(-1),
  };
  map.addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
    if (event.key === "Escape") return;
    const i = nearest(view.wide / 2, view.high / 2, Infinity);
    if (i < 0) return;
    show(i, screenX(i), screenY(i));
    said.textContent = `${label[i] < 0 ? "no label" : names[label[i]]}, ${captions[i]}`;
  });

  const legend = byId("legend"), entries = [];
  function addEntry(number, name, pictures) {
    const row = document.createElement("li"), button = document.createElement("button");
    const chip = document.createElement("canvas");
    chip.width = chip.height = 1;
    const words = document.createElement("span"), total = document.createElement("span");
    words.className = "name"; words.textContent = name; words.dir = "auto"; button.title = name;
    total.className = "count"; total.textContent = pictures.toLocaleString("en");
    button.type = "button";
    button.append(chip, words, total);
    button.addEventListener("click", (event) => {
      if (event.detail > 1) return;
      if (hidden.has(number)) hidden.delete(number); else hidden.add(number);
      refresh();
    });
    button.addEventListener("dblclick", () => {
      const alone = hidden.size === entries.length - 1 && !hidden.has(number);
      hidden.clear();
      if (!alone) for (const entry of entries) if (entry.number !== number) hidden.add(entry.number);
      refresh();
    });
    // The label under the pointer or the focus stands out for as long.
    const look = (on) => { only = on ? number : null; redraw(); };
    button.addEventListener("pointerenter", (event) => look(event.pointerType === "mouse"));
    button.addEventListener("pointerleave", () => look(false));
    button.addEventListener("focus", () => look(button.matches(":focus-visible")));
    button.addEventListener("blur", () => look(false));
    row.append(button);
    legend.append(row);
    entries.push({ number, name, row, button, chip });
  }
  function refresh() {
    for (const { number, button, chip } of entries) {
      button.setAttribute("aria-pressed", String(!hidden.has(number)));
      const ink = chip.getContext("2d");
      ink.fillStyle = inkOf(number);
      ink.fillRect(0, 0, 1, 1);
    }
    redraw();
  }
  const counts = new Map();
  for (const number of label) counts.set(number, (counts.get(number) || 0) + 1);
  if (counts.has(-1)) addEntry(-1, "without a label", counts.get(-1));
  names.forEach((name, number) => addEntry(number, name, counts.get(number) || 0));
  byId("find").hidden = names.length < 12;
  byId("find").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    for (const { name, row } of entries) row.hidden = !name.toLowerCase().includes(wanted);
  });

  byId("in").addEventListener("click", () => zoomMiddle(1.6));
  byId("out").addEventListener("click", () => zoomMiddle(1 / 1.6));
  byId("fit").addEventListener("click", fit);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  byId("light").addEventListener("click", () => {
    const root = document.documentElement, now = root.dataset.light;
    const isLight = now ? now === "on" : !dark.matches;
    root.dataset.light = isLight ? "off" : "on";
    readStyle();
    refresh();
  });
  dark.addEventListener("change", () => { readStyle(); refresh(); });

  readStyle();
  refresh();
  sheet.addEventListener("load", redraw);
  if (data.sheet) sheet.src = data.sheet;
  new ResizeObserver(resize).observe(stage);
})();
