// A dialog that changes the labels of one picture.

import { api } from "../api.js";
import { button, el, icon, refill } from "./dom.js";
import { plain } from "./asking.js";

/** Ask for the labels of a picture; the answer is the new list, or null if nothing was changed. */
export function editLabels(picture, known = []) {
  return new Promise((resolve) => {
    let labels = [...picture.labels];
    let answer = null;
    const chips = el("div", { class: "row" });
    const options = el("datalist", { id: "known-labels" }, known.map((label) => el("option", { value: label })));
    const field = el("input", { id: "new-label", class: "input", list: "known-labels", autocomplete: "off", maxlength: 200 });
    const error = el("p", { class: "error", role: "alert" });
    const dialog = el(
      "dialog",
      { class: "dialog", "aria-labelledby": "labels-title", onclose: done },
      el("form", { class: "stack", onsubmit: save }, el("h2", { id: "labels-title" }, "Labels"), el("p", { class: "muted small" }, picture.name), chips, adder(), error, foot()),
      options,
    );
    document.body.append(dialog);
    show();
    dialog.showModal();
    field.focus();

    function adder() {
      const add = button("Add", { icon: "plus", onclick: take });
      const onkeydown = (event) => {
        if (event.key === "Enter" && field.value.trim()) {
          event.preventDefault();
          take();
        }
      };
      field.addEventListener("keydown", onkeydown);
      return el("div", { class: "row adder" }, el("label", { class: "field grow", for: "new-label" }, el("span", {}, "New label"), field), add);
    }

    function foot() {
      const cancel = button("Cancel", { kind: "quiet", onclick: () => dialog.close() });
      return el("div", { class: "row foot" }, cancel, button("Save", { kind: "primary", type: "submit" }));
    }

    function take() {
      const label = field.value.trim();
      if (label && !labels.includes(label)) labels.push(label);
      field.value = "";
      show();
      field.focus();
    }

    function show() {
      const drop = (label) => {
        labels = labels.filter((one) => one !== label);
        show();
        field.focus();
      };
      const chip = (label) =>
        el("button", { type: "button", class: "chip", "aria-label": `Remove ${label}`, onclick: () => drop(label) }, el("span", { class: "text" }, label), icon("close"));
      refill(chips, labels.length ? labels.map(chip) : el("span", { class: "muted small" }, "No labels yet."));
    }

    async function save(event) {
      event.preventDefault();
      if (field.value.trim()) take();
      try {
        await api.send("PUT", `images/${picture.id}/labels`, { labels });
        answer = labels;
        dialog.close();
      } catch (problem) {
        error.textContent = plain(problem);
      }
    }

    function done() {
      dialog.remove();
      resolve(answer);
    }
  });
}
