// Filters of a search or of a collection: labels, days, place; they live in the address.

import { api } from "../api.js";
import { button, el, icon, refill } from "./dom.js";

const NAMES = ["labels", "unlabelled", "since", "until", "place"];
const SHOWN = 60; // Labels offered at a time; the field narrows them.

/** The filter of an address, as fields of a request. */
export function filterOf(params) {
  const fields = {};
  for (const name of NAMES) {
    if (!params.has(name)) continue;
    fields[name] = name === "labels" ? params.getAll(name) : params.get(name);
  }
  return fields;
}

/** A copy of an address with another filter; fields that are not named stay. */
export function withFilter(params, changes) {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const one of [value].flat()) if (one !== null && one !== "") next.append(name, one);
  }
  return next;
}

/**
 * A row of filters. Only those are shown that the collection can answer.
 *
 * @param onChange gets the changed parameters.
 * @returns {{node, show(params), stop}}
 */
export function filters(info, onChange) {
  const node = el("div", { class: "filters row", role: "group", "aria-label": "Filters" });
  const known = { labels: [] }; // Asked for when the panel is opened first.
  let params = new URLSearchParams();
  const change = (changes) => onChange(withFilter(params, changes));
  const close = (event) => {
    for (const panel of node.querySelectorAll("details[open]")) {
      if (event.type === "keydown" ? event.key === "Escape" : !panel.contains(event.target)) {
        panel.open = false;
        if (event.type === "keydown") panel.firstElementChild.focus();
      }
    }
  };
  addEventListener("pointerdown", close);
  node.addEventListener("keydown", close);

  function panel(text, name, active, content) {
    const summary = el("summary", { class: `chip-button ${active ? "on" : ""}` }, icon(name), el("span", {}, text), icon("down"));
    return el("details", { class: "filter" }, summary, el("div", { class: "filter-panel card" }, content));
  }

  function show(next) {
    params = next;
    const open = [...node.querySelectorAll("details")].findIndex((one) => one.open);
    const focused = node.contains(document.activeElement) ? named(document.activeElement) : null;
    refill(node, info.labels ? labelPanel() : null, info.dated ? dayPanel() : null, info.geotagged ? placePanel() : null, clear());
    if (open >= 0 && node.querySelectorAll("details")[open]) node.querySelectorAll("details")[open].open = true;
    if (focused) [...node.querySelectorAll("button, input, summary")].find((one) => named(one) === focused)?.focus();
  }

  function clear() {
    if (!Object.keys(filterOf(params)).length) return null;
    const none = Object.fromEntries(NAMES.map((name) => [name, null]));
    return button("Clear filters", { icon: "close", kind: "quiet small", onclick: () => change(none) });
  }

  function labelPanel() {
    const chosen = params.getAll("labels");
    const bare = params.has("unlabelled");
    const text = bare ? "Unlabelled" : chosen.length > 1 ? `${chosen.length} labels` : chosen[0] || "Labels";
    const chips = el("div", { class: "row label-choice" });
    const field = el("input", { class: "input", type: "search", placeholder: "Find a label", "aria-label": "Find a label", oninput: () => list() });
    const toggle = (label) => {
      const next = chosen.includes(label) ? chosen.filter((one) => one !== label) : [...chosen, label];
      change({ labels: next, unlabelled: null });
    };
    const list = () => {
      const wanted = field.value.trim().toLocaleLowerCase();
      const fits = known.labels.filter(({ label }) => label.toLocaleLowerCase().includes(wanted));
      const order = [...fits.filter(({ label }) => chosen.includes(label)), ...fits.filter(({ label }) => !chosen.includes(label))];
      refill(chips, order.slice(0, SHOWN).map((one) => choice(one, chosen, toggle)), fits.length ? null : el("span", { class: "muted small" }, "No such label."));
      if (fits.length > SHOWN) chips.append(el("span", { class: "muted small" }, `and ${fits.length - SHOWN} more`));
    };
    const only = el("label", { class: "check" }, el("input", { type: "checkbox", checked: bare, onchange: () => change({ unlabelled: bare ? null : "true", labels: [] }) }), "Only pictures without a label");
    const made = panel(text, "label", chosen.length || bare, [field, chips, only]);
    if (known.labels.length) list();
    made.addEventListener("toggle", async () => {
      if (!made.open || known.labels.length) return;
      Object.assign(known, await api.get("labels").catch(() => ({ labels: [] })));
      known.labels.sort((a, b) => b.images - a.images);
      list();
    });
    return made;
  }

  function dayPanel() {
    const since = params.get("since") || "";
    const until = params.get("until") || "";
    const text = since && until ? `${since} – ${until}` : since ? `From ${since}` : until ? `Until ${until}` : "Date";
    const day = (name, label, value) =>
      el("label", { class: "field" }, el("span", {}, label), el("input", { class: "input", type: "date", value, onchange: (event) => change({ [name]: event.target.value }) }));
    return panel(text, "calendar", since || until, [day("since", "From", since), day("until", "Until", until)]);
  }

  function placePanel() {
    const [latitude = "", longitude = "", radius = "10"] = (params.get("place") || "").split(",").filter(Boolean);
    const number = (name, label, value, low, high) =>
      el("label", { class: "field" }, el("span", {}, label), el("input", { class: "input", name, type: "number", step: "any", min: low, max: high, value, required: true }));
    const apply = (event) => {
      event.preventDefault();
      const form = new FormData(event.target);
      change({ place: ["latitude", "longitude", "radius"].map((name) => form.get(name)).join(",") });
    };
    const form = el("form", { class: "stack", onsubmit: apply }, [
      number("latitude", "Latitude (degrees north)", latitude, -90, 90),
      number("longitude", "Longitude (degrees east)", longitude, -180, 180),
      number("radius", "Within (km)", radius, 0.001, 20040),
      button("Apply", { kind: "primary", type: "submit" }),
    ]);
    return panel(latitude ? `Within ${radius} km` : "Place", "place", latitude, form);
  }

  return { node, show, stop: () => removeEventListener("pointerdown", close) };
}

function choice({ label, images }, chosen, toggle) {
  return el(
    "button",
    { type: "button", class: "chip", "aria-pressed": String(chosen.includes(label)), onclick: () => toggle(label) },
    el("span", { class: "text" }, label),
    el("span", { class: "number small" }, images),
  );
}

/** What a control is called: it is found by that after it was built anew. */
function named(control) {
  return control.getAttribute("aria-label") || control.closest("label")?.textContent || control.textContent;
}
