// Elements without a framework.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: `el("button", {class: "button", onclick: go, disabled: true}, icon("plus"), "Add")`.
 * Attributes that start with "on" are listeners; true sets, null and false leave out; `style` and
 * `dataset` are objects; `value` and `checked` are properties. Children: nodes, texts, arrays, null.
 */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style" || name === "dataset") Object.assign(node[name], value);
    else if (name === "value" || name === "checked") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child);
  }
}

/** Put other children into a node. */
export function refill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

/** An icon of index.html, so that none is ever fetched; the control around it has the label. */
export function icon(name, attributes = {}) {
  const use = svg("use", { href: `#icon-${name}` });
  return svg("svg", { class: "icon", "aria-hidden": "true", ...attributes }, use);
}

/** A button with an icon; with `only` the text is its label for screen readers and the tooltip. */
export function button(text, { icon: name, only = false, kind = "", ...attributes } = {}) {
  const classes = `button ${kind} ${only ? "icon-only" : ""}`.trim().replace(/\s+/g, " ");
  const named = only ? { "aria-label": text, title: text } : {};
  const all = { type: "button", class: classes, ...named, ...attributes };
  return el("button", all, name ? icon(name) : null, only ? null : el("span", {}, text));
}

const sheets = new Map();

/** Load a style sheet of a view once; wait for it before you show the view. */
export function stylesheet(href) {
  if (!sheets.has(href)) {
    const loaded = new Promise((resolve) => {
      const link = el("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve });
      document.head.append(link);
    });
    sheets.set(href, loaded);
  }
  return sheets.get(href);
}

/** A token of base.css as the browser computes it, for canvas: `color("accent")` → "rgb(…)". */
export function color(token) {
  const probe = el("span", { class: "hidden" });
  probe.style.color = `var(--${token})`;
  probe.style.forcedColorAdjust = "none"; // A map keeps its colors where a reader has chosen others.
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** Is motion to be kept small? */
export function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** "1 picture", "3 pictures", "12,345 pictures". */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** "5 May 2011" of an ISO date; "" of none. */
export function day(iso) {
  if (!iso) return "";
  const date = new Date(iso.length === 10 ? `${iso}T00:00:00` : iso);
  if (Number.isNaN(date.getTime())) return "";
  return date.toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" });
}

/** An empty state: an icon, a heading, a sentence and what to do next. */
export function empty(name, heading, text, ...actions) {
  return el(
    "div",
    { class: "empty" },
    icon(name),
    el("h2", {}, heading),
    text ? el("p", {}, text) : null,
    actions.length ? el("div", { class: "row" }, actions) : null,
  );
}
