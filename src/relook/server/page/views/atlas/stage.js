// The map with everything around it: legend, controls, lasso, panels.

import { button, count, el, icon } from "../../parts/dom.js";
import { Colors } from "./colors.js";
import { Facts } from "./facts.js";
import { gestures } from "./gestures.js";
import { addLabel, askLabel, change } from "./labeling.js";
import { Lasso, drawPath } from "./lasso.js";
import { Labels } from "./labels.js";
import { makeLegend } from "./legend.js";
import { inWords, makeListing } from "./listing.js";
import { AtlasMap } from "./map.js";
import { makePanel } from "./panel.js";
import { setBar } from "./states.js";
import { makeTip } from "./tip.js";

const HELP =
  "Arrow keys move the map, plus and minus zoom, 0 shows all, Enter opens the picture in the middle. The button “List” shows the pictures in view as a list.";

export class Stage {
  constructor(body, view) {
    const { context, state, readonly } = view;
    this.view = view;
    this.context = context;
    this.remembered = state;
    this.facts = new Facts(context.api);
    this.colors = new Colors(state);
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.surface = el("div", {
      class: "atlas-map", tabindex: "0", role: "application", "aria-label": "Map of the collection", "aria-describedby": "atlas-help",
      onfocus: () => this.keyed(), onblur: () => this.hover(null),
    });
    this.map = new AtlasMap(this.canvas, {
      thumbnail: (id) => context.api.thumbnail(id, "small"), colors: this.colors, drawPath, moved: () => this.moved(),
    });
    this.tip = makeTip({ map: this.map, facts: this.facts, color: (name) => this.color(name) });
    this.surface.append(this.canvas, this.tip.root);
    this.lasso = new Lasso(this.map, { allowed: !readonly, changed: () => this.bar() });
    this.legend = makeLegend({ pick: (name) => this.pick(name), glimpse: (name) => this.map.glimpse(name), color: (name) => this.color(name), none: () => `rgb(${this.map.colors.none.join(" ")})` });
    this.listing = makeListing({
      map: this.map, facts: this.facts, thumbnail: (id) => context.api.thumbnail(id), open: (i) => this.open(i, true), closed: (back) => back && this.surface.focus(),
    });
    this.panel = makePanel({
      api: context.api, facts: this.facts, readonly, color: (name) => this.color(name), go: context.go, say: context.say,
      center: (id) => this.center(this.map.points.index.get(id)),
      changed: (id, names) => this.renamed(id, names),
      grown: () => this.#uncover(this.map.opened),
      closed: (back) => this.shut(back),
    });
    this.words = el("p", { class: "hidden", role: "status", "aria-live": "polite" });
    this.barBox = el("div", { class: "atlas-bar", role: "group", "aria-label": "Lasso and messages", hidden: true });
    body.replaceChildren(
      this.surface,
      el("p", { class: "hidden", id: "atlas-help" }, HELP + (readonly ? "" : " L starts the lasso.")),
      this.words, this.legend.root, this.tools(readonly), this.zooms(), this.barBox, this.panel.root, this.listing.root,
    );
    this.legend.open(matchMedia("(min-width: 800px) and (min-height: 560px)").matches);
    gestures(this.surface, this);
    this.observer = new ResizeObserver(() => this.resize());
    this.labels = new Labels(context.api, { map: this.map, colors: this.colors, counted: () => this.listLabels() });
    this.ontheme = () => {
      this.map.theme();
      this.listLabels();
    };
    addEventListener("themechange", this.ontheme);
  }

  tools(readonly) {
    const press = () => this.lasso.toggle();
    this.lassoButton = readonly ? null : button("Lasso", { icon: "lasso", onclick: press, "aria-pressed": "false", title: "Draw around pictures to label them (L)" });
    const list = button("List", { icon: "collection", onclick: () => this.listing.toggle(), title: "Pictures in view as a list" });
    return el("div", { class: "atlas-tools", role: "group", "aria-label": "Tools" }, this.lassoButton, list);
  }

  zooms() {
    const middle = (factor) => () => this.map.zoom(factor);
    return el("div", { class: "atlas-zooms", role: "group", "aria-label": "Zoom" },
      button("Zoom in", { icon: "plus", only: true, onclick: middle(1.8) }),
      button("Zoom out", { icon: "minus", only: true, onclick: middle(1 / 1.8) }),
      button("Show the whole map", { icon: "home", only: true, onclick: () => this.map.fit() })); // prettier-ignore
  }

  /** Points are there: measure and draw. */
  ready() {
    this.resize();
    this.observer.observe(this.surface);
    if (this.remembered.view) this.map.motion.jump(this.remembered.view); // Of an earlier visit.
    this.listLabels();
    this.labels.count();
  }

  listLabels() {
    this.legend.show(this.map.points, this.labels.counts);
  }

  resize() {
    const width = this.surface.clientWidth;
    const left = width >= 1000 && this.legend.opened ? this.legend.root.offsetWidth + 40 : 28;
    this.map.inset = width >= 700 ? { top: 28, right: 72, bottom: 28, left } : { top: 64, right: 20, bottom: 24, left: 20 };
    this.map.resize();
  }

  color(name) {
    return this.colors.of(name, this.map.dark);
  }

  /** Other points, or the same with other labels; the view and what is open stay. */
  replace(points, old) {
    const moved = points.source.x.length && old.source.ids.some((id, k) => {
      const i = points.index.get(id);
      return i !== undefined && (points.source.x[i] !== old.source.x[k] || points.source.y[i] !== old.source.y[k]);
    });
    const chosen = this.lasso.chosen.map((i) => old.ids[i]);
    const opened = this.map.opened >= 0 ? points.index.get(old.ids[this.map.opened]) ?? -1 : -1;
    this.map.show(points, { keep: !moved });
    this.map.opened = opened;
    this.facts.forget();
    this.recolor();
    this.labels.count();
    if (chosen.length) this.lasso.choose(chosen.map((id) => points.index.get(id)).filter((i) => i !== undefined));
  }

  moved() {
    if (this.map.closed || !this.map.points) return;
    const words = inWords(this.map);
    if (words !== this.words.textContent) this.words.textContent = words;
    this.listing.show();
    if (this.byKeys && document.activeElement === this.surface) this.#lookAtMiddle();
  }

  /** The keyboard is in use: the picture in the middle is looked at. */
  keyed() {
    this.byKeys = this.surface.matches(":focus-visible");
    if (this.byKeys && this.map.points) this.#lookAtMiddle();
  }

  #lookAtMiddle() {
    const i = this.map.central();
    this.map.look(i);
    this.tip.show(i === this.map.opened ? -1 : i); // The panel says more of that one.
  }

  hover(px, py) {
    const i = px === null ? -1 : this.map.hit(px, py);
    if (px !== null) this.byKeys = false;
    this.map.look(i);
    this.tip.show(i);
    this.surface.classList.toggle("over", i >= 0);
  }

  tap(px, py, event) {
    const i = this.map.hit(px, py, event.pointerType === "mouse" ? 5 : 16);
    if (i >= 0) this.open(i);
    else this.panel.close();
  }

  open(i, focus = false) {
    if (i < 0) return;
    this.tip.show(-1);
    this.map.opened = i;
    this.map.redraw();
    if (this.listing.open) this.listing.toggle(false);
    this.panel.open(this.map.points.ids[i], { focus: focus || this.byKeys });
    this.#uncover(i);
  }

  /** Move the map where a panel would hide the picture that it shows. */
  #uncover(i) {
    if (i < 0) return;
    const { camera, points, motion } = this.map;
    const { view } = motion; // Where the map is going, if it moves.
    const x = (points.x[i] - view.x) * view.scale + camera.width / 2;
    const y = (points.y[i] - view.y) * view.scale + camera.height / 2;
    const room = this.surface.getBoundingClientRect();
    const box = this.panel.root.getBoundingClientRect();
    const [left, top] = [box.left - room.left, box.top - room.top];
    if (left > 100 && x > left - 40) this.map.pan(x - left / 2, 0);
    else if (left <= 100 && y > top - 40) this.map.pan(0, y - top / 2);
  }

  center(i) {
    if (i === undefined) return;
    const { points, camera, motion } = this.map;
    const near = points.room ? Math.min(camera.most, (1.3 * 200) / Math.max(points.room[i], 4 * points.least)) : camera.scale;
    motion.glide({ x: points.x[i], y: points.y[i], scale: Math.max(camera.scale, near) });
  }

  shut(back) {
    this.map.opened = -1;
    this.map.redraw();
    if (back) this.surface.focus();
  }

  escape() {
    if (this.lasso.drawing) this.lasso.cancel();
    else if (this.lasso.count) this.lasso.clear();
    else if (this.lasso.active) this.lasso.toggle(false);
    else if (this.panel.shown) this.panel.close();
    else if (this.map.highlight !== undefined) this.legend.pick(undefined);
  }

  /** Highlight a label; go there if none of its pictures is in view. */
  async pick(name) {
    const { map } = this;
    if (name !== undefined && this.surface.clientWidth < 700) this.legend.open(false); // It would hide what it shows.
    await this.labels.pick(name);
    if (name === undefined || map.highlight !== name || map.closed) return;
    const some = map.points.named(name);
    const [left, top, right, bottom] = map.camera.box();
    const seen = some.some((i) => map.points.x[i] > left && map.points.x[i] < right && map.points.y[i] > top && map.points.y[i] < bottom);
    if (!seen && some.length) map.fit(some);
  }

  /** The labels of one picture changed in the panel. */
  renamed(id, names) {
    this.map.points.rename([this.map.points.index.get(id)], names[0] ?? null);
    this.recolor();
    this.labels.count();
    this.view.load({ quietly: true, anew: true });
  }

  recolor() {
    this.labels.lift();
    this.listLabels();
  }

  // The bar at the bottom: the lasso, an undo, progress, an offer.

  bar() {
    const { lasso } = this;
    this.lassoButton?.setAttribute("aria-pressed", String(lasso.active));
    this.surface.classList.toggle("lasso", lasso.active);
    if (this.drawingProgress) return setBar(this.barBox, this.drawingProgress.root);
    if (lasso.active) return setBar(this.barBox, this.#lassoBar());
    if (this.undo) return setBar(this.barBox, this.#undoBar());
    if (this.offered) return setBar(this.barBox, this.#offerBar());
    return setBar(this.barBox);
  }

  #lassoBar() {
    const { lasso } = this;
    const mode = (name, text, title) =>
      button(text, { kind: "small", title, "aria-pressed": String(lasso.mode === name), onclick: () => { lasso.mode = name; this.bar(); } }); // prettier-ignore
    const text = lasso.count ? `${count(lasso.count, "picture")} chosen` : "Draw around pictures";
    return [
      el("p", { class: "number", role: "status" }, text),
      el("div", { class: "atlas-modes", role: "group", "aria-label": "The next line" },
        mode("new", "New", "Starts a new selection"), mode("add", "Add", "Adds to the selection (Shift)"), mode("remove", "Remove", "Takes from the selection (Alt)")),
      button("All in view", { kind: "small", onclick: () => lasso.everything() }),
      lasso.count ? button("Label …", { kind: "primary small", icon: "label", onclick: () => this.label() }) : null,
      button("Leave the lasso", { kind: "quiet small", icon: "close", only: true, onclick: () => lasso.toggle(false) }),
    ]; // prettier-ignore
  }

  #undoBar() {
    const { ids, label } = this.undo;
    const back = button("Undo", { kind: "small", icon: "back", onclick: () => this.takeBack() });
    const shut = button("Close", { kind: "quiet small", icon: "close", only: true, onclick: () => { this.undo = null; this.bar(); } }); // prettier-ignore
    return [icon("check"), el("p", { role: "status" }, `Labelled ${count(ids.length, "picture")} “${label}”.`), back, shut];
  }

  #offerBar() {
    const shut = () => {
      this.offered = false;
      this.declined = true;
      this.bar();
    };
    return [
      icon("info"),
      el("p", {}, "Many pictures came since this map was drawn."),
      button("Draw it anew", { kind: "small", icon: "refresh", onclick: () => this.view.draw() }),
      button("Close", { kind: "quiet small", icon: "close", only: true, onclick: shut }),
    ];
  }

  offer(stale) {
    this.offered = stale && !this.declined;
    this.bar();
  }

  progress(shown) {
    this.drawingProgress = shown;
    this.bar();
  }

  // Labels by lasso.

  async label() {
    const { api, say } = this.context;
    const { points } = this.map;
    const ids = this.lasso.chosen.map((i) => points.ids[i]);
    const asked = await askLabel(api, ids);
    if (!asked) return;
    const label = asked.normalize("NFC").replace(/\s+/g, " ");
    try {
      const fresh = await addLabel(api, ids, label);
      if (!fresh.length) return say("All of them have this label already.");
      this.undo = { ids: fresh, label };
      this.labels.given = { ids, label };
      this.#named(fresh.filter((id) => this.#at(id) >= 0 && this.map.points.name(this.#at(id)) === null), label);
      this.lasso.toggle(false);
      this.labels.count();
      await this.view.load({ quietly: true, anew: true });
      this.surface.focus();
    } catch (error) {
      say(error.detail || "The label could not be given.", "error");
    }
  }

  #at(id) {
    return this.map.points.index.get(id) ?? -1;
  }

  /** Color at once; the server's answer says what is shown where a picture has several labels. */
  #named(ids, label) {
    this.map.points.rename(ids.map((id) => this.#at(id)), label);
    this.recolor();
  }

  async takeBack() {
    if (!this.undo) return;
    const { ids, label } = this.undo;
    try {
      await change(this.context.api, ids, label, "remove");
      this.undo = this.labels.given = null;
      this.#named(ids.filter((id) => this.#at(id) >= 0 && this.map.points.name(this.#at(id)) === label), null);
      this.bar();
      this.labels.count();
      this.context.announce(`The label ${label} was taken back.`);
      await this.view.load({ quietly: true, anew: true });
    } catch (error) {
      this.context.say(error.detail || "The label could not be taken back.", "error");
    }
  }

  close() {
    const { x, y, scale } = this.map.camera;
    this.remembered.view = { x, y, scale };
    removeEventListener("themechange", this.ontheme);
    this.observer.disconnect();
    this.map.close();
  }
}
