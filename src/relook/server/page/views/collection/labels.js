// All labels: how many pictures have each, renaming, taking one away.

import { api } from "../../api.js";
import { button, count, el, empty, icon, refill } from "../../parts/dom.js";
import { form, trouble } from "./dialogs.js";

export async function labels(node, context) {
  let known;
  try {
    known = await api.get("labels");
  } catch (error) {
    return trouble(node, error, () => labels(node, context));
  }
  const again = () => {
    context.refreshInfo().catch(() => {});
    return labels(node, context);
  };
  if (!known.labels.length) return refill(node, none(context));
  const most = Math.max(...known.labels.map((one) => one.images));
  const list = el("ul", { class: "label-list" });
  const find = el("input", { class: "input", type: "search", placeholder: "Find a label", "aria-label": "Find a label", oninput: show });
  const total = el("p", { class: "muted small" }, `${count(known.labels.length, "label")}; `, bare(known.unlabelled));
  refill(node, el("div", { class: "row browse-head" }, known.labels.length > 8 ? find : null, total), list);
  show();
  return undefined;

  function show() {
    const wanted = find.value.trim().toLocaleLowerCase();
    const fits = known.labels.filter(({ label }) => label.toLocaleLowerCase().includes(wanted));
    refill(list, fits.map((one) => row(one, most, context, again)), fits.length ? null : el("li", { class: "muted" }, "No such label."));
  }
}

function bare(unlabelled) {
  if (!unlabelled) return "every picture has one.";
  return el("a", { href: "#/collection?unlabelled=true" }, `${count(unlabelled, "picture has", "pictures have")} none.`);
}

function none({ info }) {
  const text = info.readonly ? "This server only reads; labels are given where the collection is kept." : "Choose pictures on the wall and label them, or draw a lasso on the atlas. With labels, Recognize can name what a picture shows.";
  const ways = info.readonly ? [] : [el("a", { class: "button primary", href: "#/collection" }, icon("picture"), el("span", {}, "To the wall")), el("a", { class: "button", href: "#/atlas" }, icon("lasso"), el("span", {}, "To the atlas"))];
  return empty("label", "No labels yet", text, ...ways);
}

function row({ label, images }, most, context, again) {
  const share = el("span");
  share.style.width = `${(100 * images) / most}%`;
  const show = el("a", { class: "label-name", href: `#/collection?${new URLSearchParams({ labels: label })}` }, label);
  return el(
    "li",
    {},
    show,
    el("span", { class: "bar", "aria-hidden": "true" }, share),
    el("span", { class: "number muted small label-count" }, count(images, "picture")),
    context.info.readonly ? null : el("span", { class: "row label-tools" }, [
      button(`Rename ${label}`, { icon: "edit", only: true, kind: "quiet small", onclick: () => rename(label, context, again) }),
      button(`Take ${label} away from all pictures`, { icon: "trash", only: true, kind: "quiet small", onclick: () => drop(label, images, context, again) }),
    ]),
  );
}

async function rename(label, context, again) {
  const content = [
    el("label", { class: "field" }, el("span", {}, `New name of “${label}”`), el("input", { class: "input", name: "new", value: label, required: true, maxlength: 200, autocomplete: "off" })),
    el("p", { class: "muted small" }, "If there is a label of this name already, the two become one."),
  ];
  const changed = await form("Rename the label", content, {
    action: "Rename",
    submit: async (data) => (await api.send("POST", "labels/rename", { old: label, new: data.get("new").trim() })).changed,
  });
  if (changed === null) return;
  context.say(`Renamed on ${count(changed, "picture")}.`, "success");
  await again();
}

async function drop(label, images, context, again) {
  const content = el("p", {}, `${count(images, "picture loses", "pictures lose")} this label. The pictures stay.`);
  const changed = await form(`Take “${label}” away?`, content, { action: "Take away", danger: true, submit: () => takeAway(label) });
  if (changed === null) return;
  context.say(`Taken away from ${count(changed, "picture")}.`, "success");
  await again();
}

async function takeAway(label) {
  let changed = 0;
  for (;;) {
    const { images } = await api.get("images", { labels: [label], limit: 500 });
    if (!images.length) return changed;
    const more = await api.send("POST", "labels", { ids: images.map((one) => one.id), labels: [label], mode: "remove" });
    if (!more.changed) return changed;
    changed += more.changed;
  }
}
