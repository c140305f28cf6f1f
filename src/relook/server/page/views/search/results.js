// What a search found: a wall of what is verified, and one of what is also similar.

import { button, count, el, empty, icon, refill } from "../../parts/dom.js";
import { arrows, rows, wall } from "../../parts/justified.js";
import { hasFacts, showMarks, tile } from "../../parts/tile.js";

const LINE = 1.375; // Of a caption, as in search.css: rem, so that it grows with the reader's text.
const STAGES = { decode: "reading the picture", describe: "describing", search: "searching", verify: "verifying" };

/** "62 ms", "3.5 s". */
function spent(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Did geometry have its say? It may have found nothing that agrees. */
function compared({ geometry, milliseconds }) {
  return geometry || milliseconds.verify > 0;
}

/** "24 results, 5 verified · 62 ms", which opens to where the time went. */
export function summary(answer) {
  const { results, milliseconds, waited, skipped } = answer;
  const verified = results.filter((hit) => hit.verified).length;
  const number = results.length ? count(results.length, "result") : "No results";
  const found = results.length && compared(answer) ? `${number}, ${verified} verified` : number;
  const stages = Object.entries(STAGES)
    .filter(([name]) => milliseconds[name] >= 0.5)
    .map(([name, text]) => `${spent(milliseconds[name])} ${text}`);
  const way = waited - milliseconds.total;
  if (way >= 1) stages.push(`${spent(way)} on the way to the server and back`);
  return el(
    "div",
    { class: "summary" },
    el("h2", { class: "summary-title number" }, found),
    el(
      "details",
      { class: "took" },
      el("summary", { class: "muted number" }, spent(milliseconds.total), icon("down")),
      el("p", { class: "muted small number" }, stages.length ? `${stages.join(", ")}.` : "Less than a millisecond in each step."),
    ),
    skipped ? el("p", { class: "notice warn" }, `${count(skipped, "picture")} could not be read and ${skipped === 1 ? "was" : "were"} left out; run “relook check”.`) : null,
  );
}

/** Room for results that are still looked for. */
export function waitingWall() {
  return el("div", { class: "waiting-wall", "aria-hidden": "true" }, [1.5, 0.75, 1.3, 1, 0.75, 1.5, 1.3, 1.5].map((ratio) => {
    const room = el("div", { class: "skeleton" });
    room.style.aspectRatio = String(ratio);
    return room;
  }));
}

/**
 * @param actions those of tiles, and {again, unmark, unfilter, more, hover, filtered, boxed}.
 * @returns {{stop, marked(marks)}}
 */
export function showResults(node, answer, actions) {
  const verified = answer.results.filter((hit) => hit.verified);
  const rest = answer.results.filter((hit) => !hit.verified);
  const first = verified.length ? hits(verified, actions, true) : null;
  const second = rest.length ? hits(rest, actions, !compared(answer)) : null;
  const bar = el("div", { class: "marks-bar", role: "region", "aria-label": "Marked results", hidden: true });
  refill(
    node,
    first?.node,
    rest.length && compared(answer) ? divider(verified.length) : null,
    second?.node,
    answer.results.length ? null : nothing(actions),
    actions.more ? el("div", { class: "row more-results" }, button("Show more", { icon: "down", onclick: actions.more })) : null,
    bar,
  );
  const walls = [first, second].filter(Boolean);
  for (const one of walls) {
    arrows(one.node, ".tile-open");
    hovering(one.node, answer.results, actions.hover);
  }
  const applied = actions.marks.size;
  const marked = (marks) => {
    walls.forEach((one) => showMarks(one.node, marks));
    showBar(bar, marks, applied, actions);
  };
  marked(actions.marks);
  return { marked, stop: () => walls.forEach((one) => one.stop()) };
}

function hits(list, actions, best) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const caption = (list.some(hasFacts) ? 2 : 1) * LINE * rem + 8;
  const items = list.map((hit, place) => tile(hit, actions, { eager: best && place < 8, large: best && place < 4 }));
  const options = (width) => ({ height: rows(width), first: rows(width) * (best ? 1.4 : 1.15), gap: width < 520 ? 8 : 12, caption, even: true });
  return wall(items, options, { class: "results-wall" });
}

function divider(verified) {
  const text = verified ? "Also similar" : "Similar, but nothing is verified";
  const more = verified ? "No proof that these show the same." : "No details agree with your picture. A box around the thing you look for may help.";
  return el("div", { class: "divider" }, el("h3", {}, text), el("p", { class: "muted small" }, more));
}

function nothing({ filtered, boxed, alone, unfilter }) {
  if (filtered) return empty("filter", "Nothing fits the filters", "Change them above to see more, or search without.", button("Search without filters", { icon: "close", onclick: unfilter }));
  if (boxed) return empty("search", "Nothing found", "Try a larger box, or none.");
  if (alone) return empty("picture", "This is the only picture", "Add others, and see which of them show the same.");
  return empty("search", "Nothing found", "Nothing in this collection resembles the picture.");
}

function hovering(list, results, hover) {
  const hit = (event) => results.find((one) => one.image.id === Number(event.target.closest(".tile")?.dataset.id));
  list.addEventListener("pointerover", (event) => hover(hit(event)));
  list.addEventListener("pointerleave", () => hover(null));
  list.addEventListener("focusin", (event) => hover(hit(event)));
  list.addEventListener("focusout", () => hover(null));
}

function showBar(bar, marks, applied, { again, unmark }) {
  const of = (value) => [...marks.values()].filter((mark) => mark === value).length;
  bar.hidden = marks.size === 0 && !applied;
  if (bar.hidden) return;
  refill(
    bar,
    el("p", { class: "number" }, `${of("right")} right, ${of("wrong")} wrong`),
    button("Search again", { icon: "refresh", kind: "primary", onclick: again }),
    button("Clear marks", { icon: "close", only: true, kind: "quiet", onclick: unmark }),
  );
}
