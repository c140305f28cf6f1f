// Copies of one picture in several files, side by side.

import { api } from "../../api.js";
import { plain } from "../../parts/asking.js";
import { button, count, el, empty, icon, refill } from "../../parts/dom.js";
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
        if (job.state === "failed") context.say(job.error || "Looking for duplicates failed.", "error");
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
    const head = el("div", { class: "row browse-head" }, el("p", { class: "muted grow" }, `${count(total, "picture")} in several files, the likely original first.`), look("Look again"));
    return [stale, head, groups.map(group)];
  }

  function group({ images, relation, files = [] }) {
    const card = el("article", { class: "copies card" });
    const drop = async (image, figure) => {
      if (!(await remove([image.id]))) return;
      context.say(`${image.name} removed from the collection.`, "success");
      figure.remove();
      if (card.querySelectorAll("figure").length < 2) card.remove();
      context.refreshInfo().catch(() => {});
    };
    const list = el("div", { class: "copy-list" }, images.map((image, place) => copy(image, place, files, drop)));
    refill(card, el("h3", {}, relation), list, sameBytes(images, files));
    return card;
  }

  function copy(image, place, files, drop) {
    const changes = files.find((file) => file.id === image.id && file.path === image.path)?.changes ?? [];
    const what = place === 0 ? "likely the original" : changes.join(", ");
    const figure = el("figure", { class: "copy" }, el("img", { src: api.thumbnail(image.id), alt: image.name, loading: "lazy" }));
    figure.append(
      el(
        "figcaption",
        {},
        el("span", { class: "file" }, image.path),
        el("span", { class: "muted small number" }, [`${image.width} × ${image.height}`, what].filter(Boolean).join(" · ")),
        context.info.readonly ? null : button("Remove this one", { icon: "trash", kind: "small", onclick: () => drop(image, figure) }),
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
