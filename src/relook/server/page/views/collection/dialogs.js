// Dialogs of the collection: labels of many pictures, and removing some.

import { api, patiently } from "../../api.js";
import { plain } from "../../parts/asking.js";
import { button, count, el, icon, refill } from "../../parts/dom.js";

/**
 * A dialog of a form. `submit(data, say)` answers with what the promise gives, or throws what is
 * shown; `say(text)` tells meanwhile how far it is. The promise gives null where it was cancelled.
 */
export function form(title, content, { action, danger = false, submit }) {
  return new Promise((resolve) => {
    let answer = null;
    const error = el("p", { class: "error", role: "alert" });
    const go = button(action, { kind: danger ? "danger" : "primary", type: "submit" });
    const cancel = button("Cancel", { kind: "quiet", onclick: () => dialog.close() });
    const head = el("h2", { id: "form-title" }, title);
    const body = el("form", { class: "stack", onsubmit }, head, content, error, el("div", { class: "row dialog-foot" }, cancel, go));
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "form-title", onclose }, body);
    document.body.append(dialog);
    dialog.showModal();
    (dialog.querySelector("input:not([type=radio])") ?? cancel).focus();

    function onclose() {
      dialog.remove();
      resolve(answer);
    }

    async function onsubmit(event) {
      event.preventDefault();
      go.disabled = true;
      error.textContent = "";
      try {
        answer = await submit(new FormData(body), (text) => (go.textContent = text));
        dialog.close();
      } catch (problem) {
        error.textContent = plain(problem);
        go.disabled = false;
        go.textContent = action;
      }
    }
  });
}

/** Labels of many pictures; the answer is how many changed, or null. */
export async function labelMany(ids) {
  const { labels } = await api.get("labels").catch(() => ({ labels: [] }));
  const way = (value, text) => el("label", { class: "check" }, el("input", { type: "radio", name: "mode", value, checked: value === "add" }), text);
  const content = [
    el("label", { class: "field" }, el("span", {}, "Labels (commas between several)"), el("input", { class: "input", name: "labels", list: "all-labels", required: true, autocomplete: "off" })),
    el("datalist", { id: "all-labels" }, labels.map(({ label }) => el("option", { value: label }))),
    el("fieldset", { class: "stack tight" }, el("legend", {}, "What to do with them"), way("add", "Add them"), way("replace", "Put them in place of all others"), way("remove", "Take them away")),
  ];
  return form(`Label ${count(ids.length, "picture")}`, content, {
    action: "Save",
    async submit(data) {
      const wanted = data.get("labels").split(",").map((one) => one.trim()).filter(Boolean);
      return (await api.send("POST", "labels", { ids, labels: wanted, mode: data.get("mode") })).changed;
    },
  });
}

/** Remove pictures, once it was said what goes and what stays; the answer is how many went, or null. */
export async function remove(ids) {
  const gone = new Set(); // Also of a try that failed midway.
  const shown = ids.slice(0, 6).map((id) => el("img", { src: api.thumbnail(id), alt: "" }));
  const content = [
    el("div", { class: "removal-strip" }, shown, ids.length > 6 ? el("span", { class: "muted" }, `and ${ids.length - 6} more`) : null),
    el("ul", { class: "consequences" }, [
      el("li", {}, icon("trash"), el("span", {}, el("strong", {}, "Goes: "), "what was computed from the picture, its labels, and the file if it was added by this page.")),
      el("li", {}, icon("lock"), el("span", {}, el("strong", {}, "Stays: "), "files in your own folders. They are not touched, only not searched any more until their folder is indexed again.")),
    ]),
  ];
  const title = `Remove ${count(ids.length, "picture")} from the collection?`;
  await form(title, content, { action: "Remove", danger: true, submit: (_, say) => removeAll(ids, gone, say) });
  return gone.size || null;
}

/** One after the other; what is gone already is no failure. */
async function removeAll(ids, gone, say) {
  for (const id of ids) {
    if (gone.has(id)) continue;
    if (ids.length > 5) say(`Removing ${gone.size + 1} of ${ids.length}`);
    try {
      await patiently(() => api.send("DELETE", `images/${id}`));
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    gone.add(id);
  }
}

/** Fill a place with a notice of an error and a way to try again. */
export function trouble(node, error, again) {
  const retry = button("Try again", { icon: "refresh", kind: "small", onclick: again });
  refill(node, el("div", { class: "notice error", role: "alert" }, icon("warning"), el("span", { class: "grow" }, plain(error)), retry));
}
