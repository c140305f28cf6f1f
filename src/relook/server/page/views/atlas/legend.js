// Labels with their colors and counts; one of them can be highlighted.

import { button, el, icon, refill } from "../../parts/dom.js";

const ROWS = 150;

/** The legend. `acts`: pick(name | null | undefined), glimpse(the same), color(name) → css, none() → css. */
export function makeLegend(acts) {
  const list = el("ul", { class: "atlas-labels", "aria-label": "Labels" });
  const search = el("input", {
    class: "input", type: "search", placeholder: "Find a label", "aria-label": "Find a label", oninput: fill,
  });
  const heading = el("span", {}, "Labels");
  const amount = el("span", { class: "badge number" });
  const body = el("div", { class: "atlas-legend-body", id: "atlas-legend-body" }, search, list);
  const opener = el(
    "button",
    { type: "button", class: "atlas-legend-head", "aria-controls": body.id, onclick: () => open(body.hidden) },
    icon("label"), heading, amount, icon("down"),
  );
  const root = el("section", { class: "atlas-legend", "aria-label": "Legend" }, opener, body);
  let rows = [];
  let picked;

  function open(on) {
    body.hidden = !on;
    opener.setAttribute("aria-expanded", String(on));
  }

  function fill() {
    const wanted = search.value.trim().toLocaleLowerCase();
    const some = rows.filter(({ name, text }) => !wanted || (name !== null && text.toLocaleLowerCase().includes(wanted)));
    const more = some.length - ROWS;
    refill(
      list,
      some.slice(0, ROWS).map(row),
      more > 0 ? el("li", { class: "muted small" }, `and ${more.toLocaleString("en")} more: type to find them`) : null,
      some.length ? null : el("li", { class: "muted small" }, wanted ? "No label is called so." : "No picture has a label yet."),
    );
  }

  function row({ name, text, count }) {
    const spot = el("span", { class: "atlas-spot" });
    spot.style.background = name === null ? acts.none() : acts.color(name);
    const over = { onpointerenter: (event) => event.pointerType === "mouse" && acts.glimpse(name), onpointerleave: () => acts.glimpse(undefined) };
    return el("li", {},
      el("button", {
        type: "button", "aria-pressed": String(picked === name), onclick: () => pick(picked === name ? undefined : name), ...over,
      }, spot, el("span", { class: "text" }, text), el("span", { class: "muted number" }, count.toLocaleString("en")))); // prettier-ignore
  }

  function pick(name) {
    acts.glimpse(undefined);
    picked = name;
    amount.textContent = String(rows.filter((one) => one.name !== null).length);
    heading.textContent = name === undefined ? "Labels" : name === null ? "Without a label" : name;
    root.classList.toggle("picked", name !== undefined);
    clear.hidden = name === undefined;
    amount.hidden = name !== undefined;
    for (const [k, one] of [...list.querySelectorAll("button")].entries()) {
      one.setAttribute("aria-pressed", String(shownRows()[k]?.name === name));
    }
    acts.pick(name);
  }

  function shownRows() {
    const wanted = search.value.trim().toLocaleLowerCase();
    return rows.filter(({ name, text }) => !wanted || (name !== null && text.toLocaleLowerCase().includes(wanted))).slice(0, ROWS);
  }

  const clear = button("Show all labels", { icon: "close", only: true, kind: "quiet small", onclick: () => pick(undefined) });
  clear.hidden = true;
  root.insertBefore(clear, body);

  return {
    root,
    get opened() {
      return !body.hidden;
    },
    open,
    pick,
    /** Show the labels of points; `known` counts all labels of each picture, once that was asked for. */
    show(points, known = null) {
      const tally = points.tally();
      const counts = new Map(points.names.map((name, k) => [name, tally[k]]));
      for (const { label, images } of known?.labels ?? []) counts.set(label, images);
      rows = [...counts].map(([name, count]) => ({ name, text: name, count })).filter(({ count }) => count);
      rows.sort((a, b) => b.count - a.count || a.text.localeCompare(b.text));
      const none = tally[points.names.length];
      if (none) rows.push({ name: null, text: "Without a label", count: none });
      if (picked !== undefined && !rows.some(({ name }) => name === picked)) pick(undefined);
      amount.textContent = String(rows.filter((one) => one.name !== null).length);
      search.hidden = rows.length < 9;
      fill();
    },
  };
}
