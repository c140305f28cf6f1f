// The answer of the guide: a name, how sure it is, and what speaks for it.

import { button, count, el, icon } from "../../parts/dom.js";
import { verifiedMark } from "../../parts/hit.js";
import { outline } from "../../parts/outline.js";

const MOST = 4; // Other names that are listed.

/** How sure, in words. */
export function words(probability) {
  if (probability >= 0.97) return "almost certainly";
  if (probability >= 0.85) return "very likely";
  if (probability >= 0.65) return "likely";
  if (probability >= 0.4) return "perhaps";
  return "hardly";
}

/** Nothing that is guessed is called 100 % or 0 %. */
export function percent(probability) {
  if (probability < 0.005) return "under 1 %";
  if (probability >= 0.995) return "over 99 %";
  return `${Math.round(100 * probability)} %`;
}

/** The answer in one sentence, for screen readers. */
export function spoken(answer) {
  const best = answer.candidates[0];
  if (answer.answer === "known") return `${answer.label}, ${words(answer.confidence)}, ${percent(answer.confidence)}.`;
  if (answer.answer === "unsure" && best) return `Not sure. The best guess is ${best.label}, ${percent(best.probability)}.`;
  return "Not in this collection.";
}

/**
 * The card: {node, update}. `update` shows new numbers of the same answer in place, and says whether
 * it could. `context` is the view's, with `why(id)` that shows what the evidence rests on.
 */
export function card(answer, context) {
  const kind = { known, unsure, unknown }[answer.answer] ?? unknown;
  const node = el("article", { class: `answer ${answer.answer}` }, kind(answer, context), warnings(answer));
  const shown = answer;
  return {
    node,
    update(next) {
      const same = next.answer === shown.answer && next.evidence?.image.id === shown.evidence?.image.id;
      if (!same) return false;
      node.querySelector(".sureness").replaceWith(sureness(next));
      if (node.querySelector(".evidence")) redraw(node, next.evidence);
      return true;
    },
  };
}

/** The probability of what is said. */
function sure(answer) {
  if (answer.answer === "known") return answer.confidence;
  if (answer.answer === "unsure" && answer.candidates.length) return answer.candidates[0].probability;
  return answer.none ?? 0;
}

function redraw(node, hit) {
  node.querySelector(".outline")?.remove();
  const drawn = proof(hit);
  if (drawn) node.querySelector(".evidence-picture").append(drawn);
  node.querySelector(".evidence .badge").replaceWith(mark(hit));
}

function known(answer, context) {
  return [
    el("p", { class: "answer-lead" }, "This is"),
    el("h2", { class: "answer-name" }, answer.label),
    sureness(answer),
    evidence(answer, context),
    others(answer, "It could also be", answer.candidates.filter((one) => one.label !== answer.label), context),
  ];
}

function unsure(answer, context) {
  const [best, ...rest] = answer.candidates;
  if (!best) return unknown(answer, context);
  return [
    el("p", { class: "answer-lead" }, el("span", { class: "badge warn" }, "Not sure"), " The best guess is"),
    el("h2", { class: "answer-name guess" }, best.label, el("span", { "aria-hidden": "true" }, " ?")),
    sureness(answer),
    evidence(answer, context),
    others(answer, "Or", rest, context),
    advice("Come closer, show the whole thing, or avoid reflections."),
  ];
}

function unknown(answer, context) {
  return [
    el("p", { class: "answer-lead" }, sure(answer) >= 0.8 ? "This is" : "This is probably"),
    el("h2", { class: "answer-name" }, "Not in this collection"),
    sureness(answer),
    others(answer, "What comes closest", answer.candidates, context),
    unnamed(context),
  ];
}

/** What is not recognized may still be among the pictures without a label: the way to these. */
function unnamed({ info: { images, labelled }, search }) {
  if (labelled >= images) return null;
  const text = `${count(images - labelled, "picture")} of ${images.toLocaleString("en")} ${images - labelled === 1 ? "has" : "have"} no label, and cannot be named.`;
  return el("div", { class: "stack unnamed" }, advice(text), search ? button("Search in all pictures", { icon: "search", kind: "small", onclick: search }) : null);
}

function sureness(answer) {
  const probability = sure(answer);
  const told = answer.answer === "unsure" ? `${words(Math.min(probability, 0.84))}, but not certain` : words(probability); // A guess is at most “likely”.
  const bar = el("span");
  bar.style.width = `${(100 * Math.min(Math.max(probability, 0), 1)).toFixed(1)}%`;
  return el(
    "div",
    { class: "sureness" },
    el("p", {}, el("span", { class: "sure-words" }, told), el("span", { class: "number muted" }, percent(probability))),
    el("div", { class: "bar", "aria-hidden": "true" }, bar),
  );
}

/** The picture that speaks for the answer, with the outline of what matched. */
function evidence(answer, { api, why }) {
  const hit = answer.evidence;
  if (!hit) return null;
  const { image } = hit;
  const name = answer.label ?? answer.candidates[0]?.label ?? image.name;
  const picture = el("img", { src: api.thumbnail(image.id, "large"), alt: `A picture of ${name} in the collection`, width: image.width, height: image.height });
  const links = [
    button("See why", { icon: "why", kind: "small", onclick: () => why(image.id) }),
    el("a", { class: "button small quiet", href: `#/search?${new URLSearchParams({ id: image.id })}` }, icon("search"), el("span", {}, "Find more like it")),
  ];
  return el(
    "figure",
    { class: "evidence" },
    el("div", { class: "evidence-picture" }, picture, proof(hit)),
    el("figcaption", {}, mark(hit), el("span", { class: "muted small file" }, image.path), el("div", { class: "row" }, links)),
  );
}

/** The outline of what matched, where geometry confirms that it is the same. */
function proof({ verified, region, image }) {
  return verified ? outline(region, image) : null;
}

function mark(hit) {
  return verifiedMark(hit) ?? el("span", { class: "badge" }, "looks most like it");
}

function others(answer, heading, candidates, { api }) {
  const shown = candidates.filter((one) => one.probability >= 0.005).slice(0, MOST);
  if (!shown.length) return null;
  const row = (one) =>
    el(
      "li",
      {},
      el("img", { src: api.thumbnail(one.image.id), alt: "", loading: "lazy" }),
      el("span", { class: "other-name" }, one.label),
      el("span", { class: "number muted" }, percent(one.probability)),
    );
  return el("section", { class: "others" }, el("h3", {}, heading), el("ul", { class: "other-list" }, shown.map(row)));
}

function advice(text) {
  return el("p", { class: "muted small advice" }, icon("info"), el("span", {}, text));
}

/** Remarks for whoever looks after the collection; a visitor need not mind them. */
function warnings({ warnings: found = [] }) {
  if (!found.length) return null;
  const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1).replace("relook calibrate the collection", "“relook calibrate”")}.`;
  return el("details", { class: "remarks muted small" }, el("summary", {}, "About these numbers"), found.map((text) => el("p", {}, sentence(text))));
}
