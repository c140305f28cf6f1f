// Copies of one picture in several files, side by side.

import { api, asSentence } from "../../api.js";
import { plain } from "../../parts/asking.js";
import { button, count, el, empty, icon, refill } from "../../parts/dom.js";
import { openLarge } from "../../parts/large.js";
import { remove, trouble } from "./dialogs.js";
import { follow as followJob } from "./following.js";
import { remaining } from "./panel.js";

/** Shows the groups into `node`; the answer stops what is followed. */
export function duplicates(node, context) {
  let stop = () => {};
  let gone = false;
  show();
  return () => {
    gone = true;
    stop();
  };

  async function show() {
    try {
      const [found, { jobs }] = await Promise.all([api.get("duplicates"), api.get("jobs")]);
      if (gone) return;
      const running = jobs.find((job) => job.kind === "duplicates" && ["waiting", "running"].includes(job.state));
      if (running) follow(running);
      else refill(node, page(found));
    } catch (error) {
      if (!gone) trouble(node, error, show);
    }
  }

  async function start() {
    try {
      follow(await api.send("POST", "duplicates"));
    } catch (error) {
      context.say(plain(error), "error");
    }
  }

  function follow(first) {
    const bar = el("progress", { "aria-label": "Looking for duplicates" });
    const what = el("span", {}, "Waiting for its turn");
    const left = el("span", { class: "number" });
    const cancel = button("Cancel", { icon: "close", kind: "small", onclick: () => api.send("DELETE", `jobs/${first.id}`).catch(() => {}) });
    refill(node, el("div", { class: "card busy" }, el("div", { class: "grow progress" }, el("div", { class: "progress-text" }, what, left), bar), cancel));
    const start = performance.now();
    stop = followJob(first, (job, ended) => {
      if (ended) {
        if (job.state === "failed") context.say(asSentence(job.error || "Looking for duplicates failed."), "error");
        show();
        return;
      }
      what.textContent = job.message || "Comparing pictures";
      const seconds = job.done > 3 ? ((job.total - job.done) * (performance.now() - start)) / job.done / 1000 : null;
      left.textContent = job.state === "running" ? remaining(seconds) : "";
      if (job.total) Object.assign(bar, { max: job.total, value: job.done });
    });
  }

  function page({ state, groups, total = groups.length }) {
    const { info } = context;
    const look = (text) => (info.readonly ? null : button(text, { icon: "duplicate", kind: state === "ready" ? "" : "primary", onclick: start }));
    if (state === "missing") {
      const text = info.readonly ? "This server only reads, and nobody has looked for duplicates yet." : "Finds copies of a picture that were re-encoded, resized, cropped, marked or mirrored. Nothing is removed unless you say so.";
      return empty("duplicate", "Duplicates", text, look("Look for duplicates"));
    }
    const stale = state === "stale" ? el("p", { class: "notice warn" }, icon("info"), el("span", { class: "grow" }, "The collection has changed since this was looked for.")) : null;
    if (!groups.length) return [stale, empty("verified", "No duplicates", "No picture is a copy of another.", look("Look again"))];
    let left = total;
    const words = el("p", { class: "muted grow" });
    const tell = () => (words.textContent = `${count(left, "picture")} in several files, the likely original first.`);
    const list = el("div", { class: "copies-list" });
    const dropped = (card) => {
      if (card.querySelectorAll("figure").length > 1) return;
      left -= 1;
      card.remove();
      if (left) tell();
      else refill(node, empty("verified", "No duplicates left", "Each picture is here once now.", look("Look again")));
    };
    refill(list, groups.map((one) => group(one, dropped)));
    tell();
    return [stale, el("div", { class: "row browse-head" }, words, look("Look again")), list];
  }

  function group({ images, relation, files = [] }, dropped) {
    const card = el("article", { class: "copies card", tabindex: "-1", "aria-label": relation });
    const drop = async (image, figure) => {
      if (!(await remove([image.id]))) return;
      context.say(`${image.name} removed from the collection.`, "success");
      const next = card.nextElementSibling ?? card.previousElementSibling;
      figure.remove();
      shown.splice(shown.indexOf(image), 1);
      dropped(card);
      const to = [card, next, node.closest("[role=tabpanel]")].find((one) => one?.isConnected);
      to?.focus({ preventScroll: true });
      context.refreshInfo().catch(() => {});
    };
    const shown = [...images];
    const open = (image) => openLarge(shown.map((one, place) => ({ image: one, rank: place + 1 })), shown.indexOf(image), { use: (hit) => context.go(`#/search?id=${hit.image.id}`) });
    const list = el("div", { class: "copy-list" }, images.map((image, place) => copy(image, place, files, { drop, open })));
    refill(card, el("h3", {}, relation), list, sameBytes(images, files));
    return card;
  }

  function copy(image, place, files, { drop, open }) {
    const changes = files.find((file) => file.id === image.id && file.path === image.path)?.changes ?? [];
    const picture = el("img", { src: api.thumbnail(image.id), alt: "", loading: "lazy" });
    const figure = el("figure", { class: "copy" }, el("button", { type: "button", class: "copy-open", "aria-label": `Open ${image.path}`, onclick: () => open(image) }, picture));
    figure.append(
      el(
        "figcaption",
        {},
        el("span", { class: "file" }, image.path),
        el("span", { class: "muted small number" }, `${image.width} × ${image.height}`),
        place === 0 ? el("span", { class: "badge good" }, "likely the original") : el("span", { class: "badge" }, changes.join(", ") || "copy"),
        context.info.readonly ? null : button("Remove", { icon: "trash", kind: "small", "aria-label": `Remove this one: ${image.path}`, onclick: () => drop(image, figure) }),
      ),
    );
    return figure;
  }
}

/** Files with the same bytes are one picture in a collection: there is nothing to remove here. */
function sameBytes(images, files) {
  const shown = new Set(images.map((image) => image.path));
  const others = files.filter((file) => !shown.has(file.path));
  if (!others.length) return null;
  return el("p", { class: "muted small" }, `The same bytes also in: ${others.map((file) => file.path).join(", ")}`);
}
