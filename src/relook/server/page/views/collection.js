// The collection: what it holds, adding to it, and looking after it.

import { count, el, icon, refill, stylesheet } from "../parts/dom.js";
import { adding } from "./collection/adding.js";
import { duplicates } from "./collection/duplicates.js";
import { labels } from "./collection/labels.js";
import { addPanel } from "./collection/panel.js";
import { quarantine } from "./collection/quarantine.js";
import { browse } from "./collection/wall.js";

export const title = "Collection";

await stylesheet("style/collection.css");

const TABS = [
  ["pictures", "Pictures"],
  ["labels", "Labels"],
  ["duplicates", "Duplicates"],
  ["quarantine", "Quarantine"],
];

export function mount(root, context) {
  const { info } = context;
  const numbers = el("dl", { class: "numbers" });
  const panel = info.readonly ? null : addPanel(context);
  const body = el("div", { id: "collection-tab", role: "tabpanel", tabindex: "-1" });
  const tabs = TABS.map(([name, text]) => tab(name, text));
  const list = el("div", { class: "tabs", role: "tablist", "aria-label": "Parts of the collection", onkeydown: key }, tabs);
  let stop = () => {};
  let shown = "";
  let place = null; // Of the tab that is shown.
  root.append(el("header", { class: "head" }, el("h1", {}, info.name), numbers), readonly(info) ?? panel.node, list, body);
  const facts = () => refill(numbers, numberList(context.info));
  const refresh = context.refreshInfo;
  context.refreshInfo = async () => {
    context.info = await refresh();
    facts();
    countTabs();
    return context.info;
  };
  const onended = () => {
    context.refreshInfo().catch(() => {});
    if (shown === "pictures" && !wall?.selection?.ids.size) wall.reload();
    if (shown === "quarantine") quarantine(place, context);
  };
  let wall = null;
  adding.addEventListener("ended", onended);
  root.addEventListener("params", (event) => {
    event.preventDefault();
    follow(event.detail);
  });
  facts();
  countTabs();
  follow(context.params);
  return () => {
    stop();
    panel?.stop();
    adding.removeEventListener("ended", onended);
  };

  function tab(name, text) {
    const number = el("span", { class: "badge number", hidden: true });
    return el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "collection-tab", tabindex: "-1", dataset: { name }, onclick: () => open(name) }, text, " ", number);
  }

  function countTabs() {
    const numbers = { labels: context.info.labels, quarantine: context.info.quarantined };
    for (const button of tabs) {
      const badge = button.querySelector(".badge");
      badge.hidden = !numbers[button.dataset.name];
      badge.textContent = (numbers[button.dataset.name] ?? 0).toLocaleString("en");
    }
  }

  function open(name) {
    context.go(name === "pictures" ? "#/collection" : `#/collection?tab=${name}`);
  }

  function key(event) {
    const here = tabs.indexOf(event.target.closest("[role=tab]"));
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || here < 0) return;
    event.preventDefault();
    const next = tabs[(here + step + tabs.length) % tabs.length];
    next.focus();
    open(next.dataset.name);
  }

  function follow(params) {
    const wanted = TABS.some(([name]) => name === params.get("tab")) ? params.get("tab") : "pictures";
    for (const button of tabs) {
      const on = button.dataset.name === wanted;
      button.setAttribute("aria-selected", String(on));
      button.tabIndex = on ? 0 : -1;
      if (on) list.scrollLeft = button.offsetLeft - list.offsetLeft - 24; // A narrow window shows some of them only.
    }
    body.setAttribute("aria-labelledby", `tab-${wanted}`);
    if (wanted === "pictures" && shown === "pictures") return wall.show(params);
    stop();
    stop = () => {};
    shown = wanted;
    wall = null;
    place = el("div"); // Its own: an answer that comes late fills what is not shown any more.
    refill(body, place);
    if (wanted === "labels") labels(place, context);
    if (wanted === "quarantine") quarantine(place, context);
    if (wanted === "duplicates") stop = duplicates(place, context);
    if (wanted === "pictures") {
      wall = browse(context);
      stop = () => wall.stop();
      refill(place, wall.node);
      wall.show(params);
    }
    return undefined;
  }
}

function readonly(info) {
  if (!info.readonly) return null;
  const text = "This server only reads: pictures and labels cannot be changed here. Start it without --readonly to change them.";
  return el("p", { class: "notice readonly" }, icon("lock"), el("span", {}, text));
}

function numberList({ images, labels: names, labelled, geotagged, dated, recipe }) {
  const rows = [
    [images, images === 1 ? "picture" : "pictures"],
    [labelled, `labelled, ${count(names, "label")}`],
    [geotagged, "with a place"],
    [dated, "with a date"],
  ];
  const shown = rows.filter(([number], place) => place === 0 || number);
  const one = (value, text) => el("div", {}, el("dt", {}, text), el("dd", { class: "number" }, value));
  return [shown.map(([number, text]) => one(number.toLocaleString("en"), text)), one(recipe, "recipe")];
}
