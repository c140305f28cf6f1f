// What is said of a place, as text: the estimate, tags, and every similar picture.

import { button, count, el, icon } from "../../parts/dom.js";
import { similar as alikeness } from "../../parts/hit.js";
import { outline } from "../../parts/outline.js";
import { coordinates, distance, meters } from "./earth.js";
import { words } from "./pins.js";

const ROLES = { agrees: "place", disagrees: "warning", nowhere: "info" };

/** The estimate, or why there is none. */
export function estimate(answer, context) {
  const { location, similar } = answer;
  if (!location) return [el("h2", {}, "No location can be estimated"), el("p", { class: "muted" }, reason(similar))];
  const { spread_m: spread, neighbors } = location;
  const wrong = similar.filter((hit) => hit.verified && hit.role === "disagrees").length;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(`${location.latitude.toFixed(6)}, ${location.longitude.toFixed(6)}`);
      context.say("Coordinates copied.", "success");
    } catch {
      context.say("The browser does not let this page copy. Select the numbers instead.");
    }
  };
  const near = `#/search?${new URLSearchParams({ place: `${location.latitude.toFixed(5)},${location.longitude.toFixed(5)},1` })}`;
  return [
    el("p", { class: "eyebrow muted" }, "Estimated location"),
    el("h2", { class: "number coordinates" }, coordinates(location)),
    el("p", {}, precision(spread, neighbors)),
    wrong ? el("p", { class: "muted small" }, `${count(wrong, "picture that shows the same says", "pictures that show the same say")} another place and ${wrong === 1 ? "was" : "were"} not counted.`) : null,
    el("div", { class: "row" }, button("Copy", { icon: "duplicate", kind: "small", onclick: copy }), el("a", { class: "button small quiet", href: near }, icon("search"), el("span", {}, "Pictures near it"))),
  ];
}

function precision(spread, neighbors) {
  const from = `from ${count(neighbors, "verified picture")}`;
  if (spread === null || spread === undefined) return `One verified picture speaks for it, so how far off it may be is not known.`;
  return `Give or take ${meters(Math.max(spread, 1))}, ${from}.`;
}

function reason(similar) {
  if (!similar.length) return "Nothing like this is in the collection.";
  if (!similar.some((hit) => hit.verified)) return "Some pictures look alike, but geometry confirms none of them. Only confirmed ones have a say.";
  return "Pictures here show the same thing, but none of them says where it was taken.";
}

export function tags({ suggested, frequent }) {
  const one = (tag, number) => el("li", {}, el("a", { class: "chip", href: `#/search?${new URLSearchParams({ labels: tag })}` }, el("span", { class: "text" }, tag), number ? el("span", { class: "number muted small" }, number) : null));
  const list = (heading, items) => (items.length ? el("section", {}, el("h3", {}, heading), el("ul", { class: "row tag-list" }, items)) : null);
  return [
    list("Suggested tags", suggested.map(({ tag }) => one(tag))),
    list("Frequent tags", frequent.map(({ tag, images }) => one(tag, images))),
  ];
}

/** The similar pictures, those first that geometry confirms: `open(index)` shows one. */
export function similar(answer, { api }, open) {
  const rows = answer.similar.map((hit, index) => [hit, row(hit, answer.location, api, () => open(index))]);
  const list = (verified) => rows.filter(([hit]) => hit.verified === verified).map(([, node]) => node);
  const [sure, alike] = [list(true), list(false)];
  const found = sure.length ? el("section", {}, el("h3", {}, "Similar pictures"), el("ol", { class: "similar-list" }, sure)) : null;
  if (!alike.length) return found;
  const summary = `${count(alike.length, "picture looks", "pictures look")} alike without proof`;
  return [found, el("details", { open: !sure.length }, el("summary", { class: "muted small" }, summary), el("ol", { class: "similar-list" }, alike))];
}

function row(hit, location, api, onclick) {
  const { image, similarity, verified, inliers, role } = hit;
  const facts = [
    similarity === null ? null : el("span", { class: "number" }, alikeness(similarity)),
    verified ? el("span", { class: "good-text" }, `verified · ${count(inliers, "match", "matches")}`) : el("span", {}, "not verified"),
  ];
  const picture = el("span", { class: "similar-picture" }, el("img", { src: api.thumbnail(image.id), alt: "", loading: "lazy" }), outline(hit.region, image));
  return el(
    "li",
    { dataset: { id: image.id } },
    el(
      "button",
      { type: "button", class: "similar-row", onclick },
      picture,
      el(
        "span",
        { class: "similar-text" },
        el("span", { class: "similar-name" }, image.labels.length ? image.labels.join(", ") : image.name),
        el("span", { class: "muted small similar-facts" }, facts),
        el("span", { class: `role ${role} ${verified ? "" : "unverified"} small` }, icon(ROLES[role]), el("span", {}, said(hit, location))),
      ),
    ),
  );
}

function said(hit, location) {
  const text = words(hit);
  const start = text[0].toUpperCase() + text.slice(1);
  if (!location || hit.image.latitude === null) return start;
  return `${start} · ${meters(distance(hit.image, location))} away`;
}
