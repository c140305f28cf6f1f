// All pictures, page by page, to look at and to choose.

import { api } from "../../api.js";
import { plain } from "../../parts/asking.js";
import { button, count, el, empty, icon, refill } from "../../parts/dom.js";
import { filterOf, filters } from "../../parts/filters.js";
import { handheld } from "../../parts/intake.js";
import { rows, shape, wall } from "../../parts/justified.js";
import { editLabels } from "../../parts/labelling.js";
import { openLarge } from "../../parts/large.js";
import { labelMany, remove } from "./dialogs.js";
import { Selection } from "./selection.js";

const PAGE = 60;

/** @returns {{node, show(params), reload(), stop}} */
export function browse(context) {
  return new Wall(context);
}

class Wall {
  constructor(context) {
    this.context = context;
    this.bar = filters(context.info, (next) => context.go(`collection?${next}`));
    this.said = el("p", { class: "muted small", role: "status" });
    this.place = el("div", { class: "wall-place" });
    this.more = button("Show more pictures", { icon: "down", hidden: true, onclick: () => this.next() });
    this.foot = el("div", { class: "wall-foot" }, this.more);
    this.chosen = el("div", { class: "chosen-bar", role: "region", "aria-label": "Selected pictures", hidden: true });
    this.node = el("div", { class: "browse" }, el("div", { class: "row browse-head" }, this.bar.node, this.said), this.place, this.foot, this.chosen);
    this.observer = new IntersectionObserver(([entry]) => entry.isIntersecting && this.next(), { rootMargin: "600px" });
    this.observer.observe(this.foot);
  }

  stop() {
    this.observer.disconnect();
    this.bar.stop();
    this.wall?.stop();
    this.turn = null;
  }

  show(params) {
    this.bar.show(params);
    this.filter = filterOf(params);
    this.reload();
  }

  reload() {
    this.turn = {};
    this.cursor = null;
    this.loading = false;
    this.pictures = [];
    this.wall?.stop();
    this.wall = null;
    this.done = false;
    this.next();
  }

  async next() {
    if (this.loading || this.done || !this.turn) return;
    const { turn } = this;
    this.loading = true;
    try {
      const page = await api.get("images", { ...this.filter, limit: PAGE, cursor: this.cursor });
      if (turn === this.turn) this.take(page);
    } catch (error) {
      if (turn === this.turn) this.trouble(error);
    } finally {
      if (turn === this.turn) this.loading = false;
    }
    if (turn === this.turn && this.near()) this.next();
  }

  /** Is the end of the wall still close, so that the observer would not tell of it again? */
  near() {
    return !this.done && this.foot.getBoundingClientRect().top < innerHeight + 600;
  }

  take({ images, next, total }) {
    this.cursor = next;
    this.done = next === null;
    this.total = total;
    this.more.hidden = this.done;
    if (!this.wall) this.begin();
    const first = this.pictures.length;
    this.pictures.push(...images);
    this.wall.add(images.map((image, place) => tile(image, first + place < 12)));
    this.selection.refresh();
    this.said.textContent = total ? count(total, "picture") : "";
    if (!total) this.nothing();
  }

  begin() {
    const { readonly } = this.context.info; // Nothing can be done with several pictures then.
    this.wall = wall([], (width) => ({ height: rows(width) * 0.86, gap: 6 }), { role: "listbox", "aria-multiselectable": String(!readonly), "aria-label": "Pictures of the collection", class: readonly ? "picks only-shown" : "picks" });
    this.selection = new Selection(this.wall.node, { several: !readonly, open: (index) => this.open(index), changed: () => this.choose() });
    refill(this.place, this.wall.node);
    this.choose();
  }

  nothing() {
    const filtered = Object.keys(this.filter).length > 0;
    const none = button("Show all pictures", { icon: "close", onclick: () => this.context.go("collection") });
    if (filtered) refill(this.place, empty("filter", "No picture fits these filters", "Loosen one of them, or show everything.", none));
    else refill(this.place, empty("picture", "No pictures yet", this.context.info.readonly ? "This server only reads; pictures are added where the collection is kept." : `${handheld() ? "Choose some above." : "Drop some on this page, or choose a folder."} Each is described once, then it can be searched.`));
  }

  trouble(error) {
    this.done = true;
    this.more.hidden = false;
    this.said.textContent = "";
    const again = button("Try again", { icon: "refresh", onclick: () => this.reload() });
    const notice = el("div", { class: "notice error", role: "alert" }, icon("warning"), el("span", { class: "grow" }, plain(error)), again);
    if (this.wall) this.context.say(plain(error), "error");
    else refill(this.place, notice);
    this.more.hidden = true;
  }

  open(index) {
    const { context, pictures } = this;
    const hits = pictures.map((image, place) => ({ image, rank: place + 1 }));
    const label = context.info.readonly ? null : (hit) => this.relabel(hit);
    const near = ({ image }) => context.go(`#/collection?${new URLSearchParams({ place: `${image.latitude},${image.longitude},1` })}`);
    openLarge(hits, index, { use: (hit) => context.go(`#/search?id=${hit.image.id}`), near, label });
  }

  async relabel(hit) {
    const { labels } = await api.get("labels").catch(() => ({ labels: [] }));
    const changed = await editLabels(hit.image, labels.map((one) => one.label));
    if (changed) {
      hit.image.labels = changed;
      this.context.refreshInfo().catch(() => {});
    }
    return changed;
  }

  /** The bar of what is selected. */
  choose() {
    const ids = [...this.selection.ids];
    this.chosen.hidden = !ids.length;
    if (!ids.length) return;
    const text = `${ids.length.toLocaleString("en")} selected`;
    refill(
      this.chosen,
      el("strong", { class: "number grow", role: "status" }, text),
      button("Label", { icon: "label", kind: "primary", onclick: () => this.label(ids) }),
      button("Remove", { icon: "trash", kind: "danger", onclick: () => this.remove(ids) }),
      ids.length === 1 ? this.asking(ids[0]) : null,
      button("Clear the selection", { icon: "close", only: true, kind: "quiet", onclick: () => this.selection.clear() }),
    );
  }

  /** What can be asked about one picture. */
  asking(id) {
    const { go, info } = this.context;
    const ask = (text, name, view) => button(text, { icon: name, only: true, onclick: () => go(`#/${view}?id=${id}`) });
    return [ask("Search with this picture", "search", "search"), info.geotagged ? ask("Where was this taken?", "place", "place") : null];
  }

  async label(ids) {
    const changed = await labelMany(ids);
    if (changed === null) return;
    this.context.say(`Labels of ${count(changed, "picture")} changed.`, "success");
    this.selection.clear();
    await this.context.refreshInfo().catch(() => {});
    this.reload();
  }

  async remove(ids) {
    const removed = await remove(ids);
    if (removed === null) return;
    this.context.say(`${count(removed, "picture")} removed from the collection.`, "success");
    this.selection.clear();
    await this.context.refreshInfo().catch(() => {});
    this.reload();
  }
}

function tile(image, eager) {
  const { id, name, labels } = image;
  const said = labels.length ? `${name}, ${labels.join(", ")}` : `${name}, no label`;
  const picture = el("img", { src: api.thumbnail(id), alt: "", loading: eager ? "eager" : "lazy", decoding: "async" });
  const text = el("div", { class: "pick-caption", "aria-hidden": "true" }, labels.length ? labels.join(", ") : name);
  const node = el(
    "li",
    { class: "pick", role: "option", "aria-selected": "false", "aria-label": said, tabindex: "-1", dataset: { id } },
    el("div", { class: "pick-picture" }, picture, el("span", { class: "tick", "aria-hidden": "true" }, icon("check")), text),
  );
  return { node, ratio: shape(image) };
}
