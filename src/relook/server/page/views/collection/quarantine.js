// Files that cannot be searched, and why.

import { api, asSentence } from "../../api.js";
import { plain } from "../../parts/asking.js";
import { button, count, el, empty, icon, refill } from "../../parts/dom.js";
import { trouble } from "./dialogs.js";

export async function quarantine(node, context) {
  let found;
  try {
    found = await api.get("quarantine");
  } catch (error) {
    return trouble(node, error, () => quarantine(node, context));
  }
  const { pictures, total = pictures.length } = found;
  if (!total) return refill(node, empty("verified", "Nothing in quarantine", "Every file could be read and described."));
  const forget = async (one) => {
    try {
      await api.send("DELETE", `quarantine/${one.id}`);
      await context.refreshInfo();
      await quarantine(node, context);
    } catch (error) {
      context.say(plain(error), "error");
    }
  };
  return refill(
    node,
    el("p", { class: "muted quarantine-note" }, `${count(total, "file")} could not be read. What is listed here is not searched; when a file is repaired and added again, it leaves the list.`),
    el("ul", { class: "quarantine-list" }, pictures.map((one) => row(one, context.info.readonly ? null : forget))),
    total > pictures.length ? el("p", { class: "muted small" }, `and ${count(total - pictures.length, "other")}`) : null,
  );
}

function row(one, forget) {
  const { path, reason, uploaded } = one;
  const text = uploaded ? `Delete ${path}` : `Take ${path} off the list`;
  return el(
    "li",
    {},
    icon("warning"),
    el("div", { class: "grow" }, el("strong", { class: "file" }, path), el("p", { class: "muted small" }, asSentence(reason))),
    forget && one.id ? button(text, { icon: uploaded ? "trash" : "close", only: true, kind: "quiet", onclick: () => forget(one) }) : null,
  );
}
