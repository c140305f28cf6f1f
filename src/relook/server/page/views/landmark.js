// Place: where was this taken, and what is it called? The collection's own geotags and labels tell.

import { ask, bring, plain, sourceOf } from "../parts/asking.js";
import { button, el, empty, icon, refill, stylesheet } from "../parts/dom.js";
import { handheld, intake } from "../parts/intake.js";
import { openLarge } from "../parts/large.js";
import { coordinates } from "./landmark/earth.js";
import { estimate, similar, tags } from "./landmark/facts.js";
import { PlaceMap } from "./landmark/map.js";

export const title = "Place";

await Promise.all(["style/recognize.css", "style/landmark.css"].map(stylesheet));

export function mount(root, context) {
  const place = new Place(root, context);
  return () => place.stop();
}

class Place {
  constructor(root, context) {
    Object.assign(this, { root, context, map: null, asked: null });
    if (!context.info.geotagged) {
      this.nowhere();
      return;
    }
    this.body = el("div", { class: "place" });
    root.append(el("header", { class: "head" }, el("h1", {}, "Where was this?")), this.body);
    this.input = intake(([file]) => this.bring(file), { text: "Drop it to find where it was taken" });
    root.addEventListener("params", (event) => {
      event.preventDefault();
      this.follow(event.detail);
    });
    this.follow(context.params);
  }

  stop() {
    this.clear();
    this.input?.stop();
  }

  clear() {
    this.asked?.abort();
    this.map?.stop();
    this.map = null;
  }

  bring(file) {
    this.context.go(`#/place?${new URLSearchParams({ query: bring(this.context.state, file).token })}`);
  }

  follow(params) {
    this.clear();
    const source = sourceOf(this.context.state, params);
    if (source) this.look(source);
    else this.idle();
  }

  nowhere() {
    const { readonly } = this.context.info;
    const how = readonly ? "" : " Add photos that still carry it: many services strip it.";
    const text = `None of these pictures says where it was taken, so there is nothing to compare with. Cameras and phones write the place into a photo's EXIF data.${how}`;
    const ways = readonly ? [] : [el("a", { class: "button primary", href: "#/collection" }, icon("plus"), el("span", {}, "Add pictures"))];
    this.root.append(el("h1", { class: "hidden" }, "Place"), empty("place", "No picture here has a place", text, ...ways));
  }

  idle() {
    const { geotagged, images } = this.context.info;
    const choose = button("Choose a picture", { icon: "picture", kind: "primary", onclick: () => this.input.pick() });
    const shoot = handheld() ? button("Take a photo", { icon: "camera", onclick: () => this.input.photograph() }) : null;
    const known = `${geotagged.toLocaleString("en")} of ${images.toLocaleString("en")} pictures here say where they were taken. Those that show the same thing tell where yours was.`;
    refill(
      this.body,
      el("div", { class: "guide-start" }, icon("place"), el("p", { class: "guide-start-text" }, "Drop, paste or choose a picture of a place."), el("div", { class: "row" }, choose, shoot), el("p", { class: "muted small guide-start-note" }, known)),
    );
  }

  async look(source) {
    const say = (text) => refill(this.body, el("p", { class: "working", role: "status" }, el("span", { class: "spinner", "aria-hidden": "true" }), el("span", {}, text)));
    say("Looking for the same place…");
    this.asked = new AbortController();
    const { signal } = this.asked;
    try {
      const onWait = (seconds) => say(`The server is busy. It is asked again in ${Math.ceil(seconds)} s.`);
      const answer = await ask("landmark", source, {}, { signal, onWait });
      if (!signal.aborted) this.show(answer, source);
    } catch (error) {
      if (error.name !== "AbortError") this.trouble(error);
    }
  }

  show(answer, source) {
    const { context } = this;
    const pictures = answer.similar.filter((hit) => hit.verified && hit.image.latitude !== null);
    const mapped = pictures.length > 0 || answer.location !== null;
    if (mapped) {
      const pick = (hit) => this.point(hit);
      this.map = new PlaceMap({ location: answer.location, pictures, pick, thumbnail: (id) => context.api.thumbnail(id) });
    }
    const query = el("img", { class: "place-query", src: source.url, alt: "The picture that is asked about" });
    const other = button("Another picture", { icon: "picture", kind: "small", onclick: () => this.input.pick() });
    const facts = el(
      "div",
      { class: "place-facts stack" },
      el("section", { class: "place-estimate" }, query, el("div", { class: "stack tight" }, estimate(answer, context), el("div", { class: "row" }, other))),
      tags(answer),
      similar(answer, context, (index) => this.open(answer, index, source)),
    );
    refill(this.body, mapped ? el("div", { class: "place-map" }, this.map.node, this.map.caption, legend(answer.location, pictures)) : null, facts);
    this.body.classList.toggle("without-map", !mapped);
    const { location } = answer;
    context.announce(location ? `Estimated location: ${coordinates(location, 3)}.` : "No location can be estimated.");
  }

  open(answer, index, source) {
    const { go } = this.context;
    const query = source.id ? { id: source.id } : { query: source.token };
    openLarge(answer.similar, index, {
      why: (hit) => go(`#/why?${new URLSearchParams({ ...query, result: hit.image.id })}`),
      use: (hit) => go(`#/search?id=${hit.image.id}`),
    });
  }

  /** A pin was clicked: bring its row into view. */
  point(hit) {
    const row = this.body.querySelector(`.similar-list [data-id="${hit.image.id}"] button`);
    row?.scrollIntoView({ block: "nearest" });
    row?.focus();
  }

  trouble(error) {
    const again = button("Another picture", { icon: "picture", onclick: () => this.input.pick() });
    refill(this.body, el("div", { class: "notice error", role: "alert" }, icon("warning"), el("span", { class: "grow" }, plain(error)), again));
  }
}

/** Marks of the map, as far as they occur. */
function legend(location, pictures) {
  const some = (role) => pictures.some((hit) => hit.role === role);
  const marks = [
    [location, "estimated", "estimated location"],
    [some("agrees"), "agrees", "shows the same, agrees"],
    [some("disagrees"), "disagrees", "shows the same, probably wrongly geotagged"],
  ];
  const rows = marks.filter(([shown]) => shown).map(([, name, text]) => el("li", {}, el("span", { class: `mark ${name}`, "aria-hidden": "true" }), text));
  return el("ul", { class: "legend small muted" }, rows);
}
