// Add pictures: where to drop them, how far they are, and what became of them.

import { api, asSentence } from "../../api.js";
import { button, count, el, icon, refill } from "../../parts/dom.js";
import { openLarge } from "../../parts/large.js";
import { adding } from "./adding.js";
import { dropped } from "./gathering.js";

const SHOWN = 18; // New pictures shown in the report.
const LOOK = 10_000; // Milliseconds between two looks for jobs that others began.

/** @returns {{node, stop}} */
export function addPanel(context) {
  const progress = el("div", { class: "adding", "aria-live": "off" });
  const labels = el("input", { class: "input", list: "labels-known", placeholder: "such as Paris, night", autocomplete: "off", maxlength: 200 });
  const known = el("datalist", { id: "labels-known" });
  const take = (files) => files.length && adding.add(files, labels.value.split(",").map((one) => one.trim()).filter(Boolean), context.info.limits);
  const pick = picker({ multiple: true, accept: "image/*,.heic,.heif" }, take);
  const folder = picker({ webkitdirectory: true }, take);
  const zone = el(
    "div",
    { class: "drop-zone" },
    icon("upload"),
    el("div", { class: "grow" }, el("h2", {}, "Add pictures"), el("p", { class: "muted small drop-note" }, "Drop files or folders anywhere on this page. They are kept in the collection's own folder.")),
    el("div", { class: "row" }, button("Choose pictures", { icon: "plus", kind: "primary", onclick: () => pick.click() }), button("A whole folder", { icon: "collection", kind: "whole-folder", onclick: () => folder.click() })),
    el("label", { class: "field add-label" }, el("span", {}, "Label them all (optional)"), labels),
  );
  const node = el("section", { class: "add", "aria-label": "Add pictures" }, zone, progress, pick, folder, known);
  const drop = dropping(take, zone);
  const show = () => paint(progress, context);
  let said = "";
  const announce = () => {
    const text = adding.busy ? "" : summary(adding.report);
    if (text && text !== said && adding.jobs.size) context.announce(text);
    said = text;
  };
  adding.addEventListener("change", show);
  adding.addEventListener("ended", announce);
  labels.addEventListener("focus", () => offer(known), { once: true });
  show();
  const look = () => document.visibilityState === "visible" && adding.look().catch(() => {});
  const looking = setInterval(look, LOOK);
  document.addEventListener("visibilitychange", look);
  look();
  return {
    node,
    stop() {
      drop();
      clearInterval(looking);
      document.removeEventListener("visibilitychange", look);
      adding.removeEventListener("change", show);
      adding.removeEventListener("ended", announce);
    },
  };
}

async function offer(known) {
  const { labels } = await api.get("labels").catch(() => ({ labels: [] }));
  refill(known, labels.map(({ label }) => el("option", { value: label })));
}

function picker(attributes, take) {
  const node = el("input", { type: "file", hidden: true, tabindex: "-1", multiple: true, ...attributes, onchange });
  function onchange() {
    take([...node.files]);
    node.value = "";
  }
  return node;
}

/** Files may be dropped anywhere on the window; returns what ends that. */
function dropping(take, zone) {
  let depth = 0;
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const mark = () => zone.classList.toggle("over", depth > 0);
  const listeners = {
    dragenter: () => (depth += 1),
    dragover: (event) => (event.dataTransfer.dropEffect = "copy"),
    dragleave: () => (depth = Math.max(0, depth - 1)),
    drop: async (event) => {
      depth = 0;
      take(await dropped(event.dataTransfer));
    },
  };
  const wrapped = Object.entries(listeners).map(([name, listener]) => [
    name,
    (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      listener(event);
      mark();
    },
  ]);
  for (const [name, listener] of wrapped) addEventListener(name, listener);
  return () => wrapped.forEach(([name, listener]) => removeEventListener(name, listener));
}

/** While it goes on only texts and bars change, so that a focused button stays. */
function paint(node, context) {
  const mode = adding.idle ? "idle" : adding.busy ? "busy" : "over";
  if (mode === "busy" && node.dataset.mode === "busy") return update(node);
  node.dataset.mode = mode;
  if (mode === "idle") return refill(node);
  if (mode === "over") return refill(node, report(context));
  const cancel = button("Cancel", { icon: "close", kind: "small", onclick: () => adding.cancel() });
  const line = (name) => el("div", { class: `progress ${name}`, hidden: true }, el("div", { class: "progress-text" }, el("span", { class: "what" }), el("span", { class: "number left" })), el("progress", { "aria-label": name === "up" ? "Upload" : "Indexing" }));
  refill(node, el("div", { class: "card busy" }, el("div", { class: "grow stack" }, line("up"), line("in")), cancel));
  return update(node);
}

function update(node) {
  const { bytes, files, held, indexing } = adding;
  const percent = bytes.total ? Math.floor((100 * bytes.sent) / bytes.total) : 0;
  set(node.querySelector(".up"), adding.sending, held || `Uploading ${count(files.total, "picture")}`, held ? "" : `${percent} %`, bytes.sent, bytes.total);
  const text = indexing.total ? `Indexing ${indexing.done.toLocaleString("en")} of ${count(indexing.total, "picture")}` : "Waiting for its turn";
  set(node.querySelector(".in"), adding.jobs.size > 0, text, remaining(indexing.seconds), indexing.done, indexing.total);
}

function set(line, shown, text, left, done, total) {
  line.hidden = !shown;
  line.querySelector(".what").textContent = text;
  line.querySelector(".left").textContent = left;
  const bar = line.querySelector("progress");
  if (total) Object.assign(bar, { max: total, value: done });
  else bar.removeAttribute("value");
}

export function remaining(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return "";
  if (seconds < 10) return "a few seconds left";
  if (seconds < 90) return `about ${10 * Math.ceil(seconds / 10)} s left`;
  return `about ${Math.round(seconds / 60)} min left`;
}

/** "118 pictures added, 1 known already, 2 in quarantine." */
export function summary({ added, known, quarantined, refused, cancelled }) {
  const nothing = !(known || quarantined.length || refused.length);
  const parts = [added || !nothing ? "" : "Nothing added", added ? `${count(added, "picture")} added` : ""];
  if (known) parts.push(`${known} known already`);
  if (quarantined.length) parts.push(`${quarantined.length} in quarantine`);
  if (refused.length) parts.push(`${refused.length} refused`);
  return `${cancelled ? "Cancelled: " : ""}${parts.filter(Boolean).join(", ")}.`;
}

function report(context) {
  const found = adding.report;
  const bad = [...found.quarantined.map((one) => ({ ...one, where: "in quarantine" })), ...found.refused.map((one) => ({ ...one, where: "not kept" }))];
  const errors = [...found.errors, adding.problem?.detail].filter(Boolean).map(asSentence);
  const again = adding.waiting.length ? button("Try again", { icon: "refresh", kind: "primary small", onclick: () => adding.again() }) : null;
  return el(
    "div",
    { class: "card report" },
    el("div", { class: "report-head" }, icon(errors.length ? "warning" : "verified"), el("h3", { class: "grow" }, summary(found)), again, button("Close the report", { icon: "close", only: true, kind: "quiet small", onclick: () => adding.dismiss() })),
    errors.map((text) => el("p", { class: "notice error" }, icon("warning"), el("span", {}, text))),
    adding.others ? el("p", { class: "muted small" }, `${count(adding.others, "file")} skipped: no picture by name or type.`) : null,
    strip(found.images, context),
    bad.length ? reasons(bad) : null,
  );
}

function strip(ids, context) {
  if (!ids.length) return null;
  const open = async (place) => {
    const details = await Promise.all(ids.slice(0, SHOWN).map((id) => api.get(`images/${id}`).catch(() => null)));
    const hits = details.filter(Boolean).map((image, index) => ({ image, rank: index + 1 }));
    if (hits.length) openLarge(hits, Math.min(place, hits.length - 1), { use: (hit) => context.go(`#/search?id=${hit.image.id}`) });
  };
  const one = (id, place) => el("button", { type: "button", class: "strip-one", "aria-label": `Open new picture ${place + 1}`, onclick: () => open(place) }, el("img", { src: api.thumbnail(id), alt: "" }));
  const more = ids.length - SHOWN;
  return el("div", { class: "strip" }, ids.slice(0, SHOWN).map(one), more > 0 ? el("span", { class: "muted small" }, `and ${more} more`) : null);
}

function reasons(bad) {
  const row = ({ name, reason, where }) => el("li", {}, el("strong", {}, name), el("span", { class: "muted" }, ` ${where}: ${reason}`));
  return el("details", { open: bad.length <= 5 }, el("summary", {}, `Why ${count(bad.length, "file")} could not be added`), el("ul", { class: "reasons small" }, bad.map(row)));
}
