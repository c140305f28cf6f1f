// Give a label to chosen pictures, and take it back.

import { button, count, el } from "../../parts/dom.js";

const BATCH = 5000; // Ids of one request.
let lists = 0;

/** An input that knows the labels of the collection. */
export function labelInput(api, attributes = {}) {
  const list = el("datalist", { id: `atlas-labels-${(lists += 1)}` });
  const input = el("input", {
    class: "input", list: list.id, maxlength: "200", autocomplete: "off", spellcheck: "false", ...attributes,
  });
  input.addEventListener("focus", () => suggest(api, list), { once: true });
  return { input, list };
}

async function suggest(api, list) {
  try {
    const { labels } = await api.get("labels");
    list.replaceChildren(...labels.map(({ label }) => el("option", { value: label })));
  } catch {
    // It is a help only: one can type any label.
  }
}

/** Ask for a label; resolves to it, or to null. */
export function askLabel(api, ids) {
  const { input, list } = labelInput(api, { required: true, name: "label", placeholder: "For example: red teapot" });
  const strip = ids.slice(0, 7).map((id) => el("img", { src: api.thumbnail(id), alt: "", width: "56", height: "56" }));
  const more = ids.length > strip.length ? el("span", { class: "muted number" }, `+${ids.length - strip.length}`) : null;
  return new Promise((resolve) => {
    const dialog = el(
      "dialog",
      { class: "dialog atlas-ask", "aria-labelledby": "atlas-ask-title", onclose: () => {
        dialog.remove();
        resolve(dialog.returnValue === "label" ? input.value.trim() || null : null);
      } },
      el("form", { method: "dialog", class: "stack" },
        el("h2", { id: "atlas-ask-title" }, `Label ${count(ids.length, "picture")}`),
        el("div", { class: "atlas-strip" }, strip, more),
        el("label", { class: "field" }, el("span", {}, "Label"), input),
        list,
        el("div", { class: "row atlas-foot" },
          button("Cancel", { onclick: () => dialog.close() }),
          button("Add the label", { type: "submit", value: "label", kind: "primary", icon: "label" }))),
    ); // prettier-ignore
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}

/** Add a label to pictures; answers the ids that did not have it, which is what an undo takes it from. */
export async function addLabel(api, ids, label) {
  const having = await idsWith(api, label);
  const fresh = ids.filter((id) => !having.has(id));
  await change(api, fresh, label, "add");
  return fresh;
}

export async function change(api, ids, label, mode) {
  for (let k = 0; k < ids.length; k += BATCH) {
    await api.send("POST", "labels", { ids: ids.slice(k, k + BATCH), labels: [label], mode });
  }
}

/** All pictures with a label. */
export async function idsWith(api, label) {
  const all = new Set();
  const { labels } = await api.get("labels");
  if (!labels.some((one) => one.label === label)) return all;
  let cursor = null;
  do {
    const page = await api.get("images", { labels: [label], limit: 500, cursor });
    for (const { id } of page.images) all.add(id);
    cursor = page.next;
  } while (cursor);
  return all;
}
