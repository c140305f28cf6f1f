// The atlas: a map of the whole collection, what looks alike lies close together.

import { asSentence } from "../api.js";
import { button, count, el, empty, refill, stylesheet } from "../parts/dom.js";
import { Points } from "./atlas/points.js";
import { Stage } from "./atlas/stage.js";
import { drawing, emptyCollection, makeProgress, missingMap } from "./atlas/states.js";

export const title = "Atlas";

const AGAIN = 2500; // Milliseconds to wait for pictures that still get their places.

await stylesheet("style/atlas.css");

export function mount(root, context) {
  const view = new AtlasView(root, context);
  return () => view.close();
}

class AtlasView {
  constructor(root, context) {
    this.context = context;
    this.readonly = Boolean(context.info.readonly);
    this.state = context.state.atlas ||= {};
    this.stage = null;
    this.job = null;
    this.closed = false;
    this.wanted = context.params?.get("id");
    this.body = el("div", { class: "atlas" });
    root.classList.add("full");
    root.append(el("h1", { class: "hidden" }, "Atlas"), this.body);
    refill(this.body, el("div", { class: "atlas-loading" }, el("div", { class: "spinner" }), el("p", { class: "hidden" }, "Loading the map")));
    this.onfocus = () => document.visibilityState === "visible" && this.load({ quietly: true });
    addEventListener("focus", this.onfocus);
    document.addEventListener("visibilitychange", this.onfocus);
    root.addEventListener("params", (event) => {
      event.preventDefault();
      this.reveal(event.detail.get("id"));
    });
    this.load().then(() => this.#resume());
  }

  close() {
    this.closed = true;
    clearTimeout(this.again);
    removeEventListener("focus", this.onfocus);
    document.removeEventListener("visibilitychange", this.onfocus);
    this.job?.stop();
    this.stage?.close();
  }

  /**
   * Ask for the map. The browser revalidates by ETag: an unchanged one costs no transfer.
   * `anew` also where it is asked for already: something was changed meanwhile.
   */
  async load({ quietly = false, anew = false } = {}) {
    const before = this.loading;
    if (before && !anew) return before;
    const mine = (before ?? Promise.resolve()).then(() => this.#load(quietly)).finally(() => {
      if (this.loading === mine) this.loading = null;
    });
    this.loading = mine;
    return mine;
  }

  async #load(quietly) {
    try {
      const atlas = await this.context.api.get("atlas");
      if (this.closed) return;
      this.atlas = atlas;
      if (atlas.state === "missing") this.context.info = await this.context.refreshInfo();
      if (!this.closed) this.#show(atlas);
      if (atlas.waiting && !this.job) await this.#resume();
      clearTimeout(this.again);
      if (atlas.waiting && !this.job && !this.closed) this.again = setTimeout(() => this.load({ quietly: true }), AGAIN);
    } catch (error) {
      if (this.closed || error.status === 401) return;
      if (quietly || this.stage) return;
      const again = button("Try again", { icon: "refresh", kind: "primary", onclick: () => this.load() });
      refill(this.body, empty("warning", "The map could not be loaded", error.detail || "Try again in a moment.", again));
      if (!("detail" in error)) throw error;
    }
  }

  #show(atlas) {
    if (atlas.state === "missing" || !atlas.ids.length) return this.#without(atlas);
    if (!this.stage) this.#open(atlas);
    else this.#update(atlas);
    this.stage.offer(atlas.state === "stale" && !this.job && !this.readonly);
    return null;
  }

  #without(atlas) {
    this.stage?.close();
    this.stage = null;
    if (this.job?.drawing) return refill(this.body, drawing(this.job.progress));
    const pictures = this.context.info.images;
    if (!pictures && atlas.state !== "stale") return refill(this.body, emptyCollection(this.context.go));
    return refill(this.body, missingMap({ pictures, readonly: this.readonly, draw: () => this.draw() }));
  }

  #open(atlas) {
    this.stage = new Stage(this.body, this);
    this.stage.map.show(new Points(atlas));
    this.stage.ready();
    if (this.wanted) this.reveal(this.wanted);
  }

  #update(atlas) {
    const old = this.stage.map.points;
    if (old.same(atlas)) return;
    const points = new Points(atlas);
    const fresh = atlas.ids.filter((id) => !old.index.has(id));
    this.stage.replace(points, old);
    if (fresh.length && fresh.length < atlas.ids.length) {
      this.stage.map.mark(fresh.map((id) => points.index.get(id)));
      this.context.say(`${count(fresh.length, "new picture")} found ${fresh.length === 1 ? "its" : "their"} place on the map.`);
    }
  }

  /** Open a picture by its id, as "#/atlas?id=12" asks for. */
  reveal(id) {
    const i = this.stage?.map.points.index.get(Number(id));
    if (i === undefined) return;
    this.stage.open(i);
    this.stage.center(i);
  }

  /** Draw the map (anew). */
  async draw() {
    try {
      this.#follow(await this.context.api.send("POST", "atlas"));
    } catch (error) {
      this.context.say(error.detail || "The map could not be drawn.", "error");
    }
  }

  /** A job that was begun before this page was opened. */
  async #resume() {
    if (this.closed || this.job) return;
    try {
      const { jobs } = await this.context.api.get("jobs");
      const job = jobs.find(({ kind, state }) => kind === "atlas" && (state === "running" || state === "waiting"));
      if (job && !this.closed && !this.job) this.#follow(job);
    } catch {
      // Then the map shows what it has.
    }
  }

  #follow(job) {
    if (this.closed) return;
    this.job?.stop();
    const cancel = () => this.context.api.send("DELETE", `jobs/${job.id}`).catch(() => {});
    const progress = makeProgress({ cancel: this.readonly ? null : cancel });
    const stop = this.context.api.events(job.id, (state, ended) => {
      if (this.closed) return;
      progress.update(state);
      if (ended) this.#ended(state);
    });
    this.job = { stop, progress, drawing: true };
    progress.update(job);
    if (this.stage) this.stage.progress(progress);
    else refill(this.body, drawing(progress));
  }

  #ended(job) {
    this.job = null;
    this.stage?.progress(null);
    if (job.state === "failed") this.context.say(asSentence(job.error || "The map could not be drawn."), "error");
    if (job.state === "cancelled") this.context.say("Drawing the map was cancelled.");
    if (job.state === "done" && !this.stage) this.context.announce("The map is ready.");
    if (this.stage || job.state === "done") this.load();
    else this.#without(this.atlas);
  }
}
