// Search: a picture in, the same thing in other pictures out. The address says what is asked.

import { ask, boxesOf, boxesText, bring, learn, plain, sourceOf } from "../parts/asking.js";
import { api, ApiError, patiently } from "../api.js";
import { count, el, refill } from "../parts/dom.js";
import { filterOf, filters } from "../parts/filters.js";
import { intake } from "../parts/intake.js";
import { editLabels } from "../parts/labelling.js";
import { openLarge } from "../parts/large.js";
import { queryPanel } from "./search/panel.js";
import { showResults, summary, waitingWall } from "./search/results.js";
import { startState } from "./search/start.js";

export const title = "Search";

const TOP = 24;
const MOST = 200;

export function mount(root, context) {
  const { state, info, go, say, announce } = context;
  const remembered = (state.search ||= { answers: new Map(), last: null, info });
  if (remembered.info !== info) Object.assign(remembered, { answers: new Map(), info }); // It was changed.
  const heading = el("h1", { class: "hidden" }, "Search");
  const aside = el("div", { class: "search-query" });
  const toolbar = filters(info, (next) => go(`search?${next}`));
  const said = el("div", { class: "search-said" });
  const results = el("section", { class: "search-results", "aria-label": "Results", tabindex: "-1" });
  const taken = intake(([file]) => start(file));
  let params = new URLSearchParams();
  let source = null;
  let panel = null;
  let shown = null; // What fills the results: { stop }
  let answer = null;
  let marks = new Map();
  let running = null;
  let waiting = null; // The timer of a change that is not in the address yet,
  let sent = ""; // and the address that the last one led to.

  root.append(heading, aside, el("div", { class: "search-main" }, toolbar.node, said, results));
  root.addEventListener("params", (event) => {
    event.preventDefault();
    update(event.detail);
  });

  function start(file) {
    const next = new URLSearchParams();
    for (const [name, value] of Object.entries(filterOf(params))) for (const one of [value].flat()) next.append(name, one);
    next.set("query", bring(state, file).token);
    go(`search?${next}`);
  }

  function update(next) {
    params = next;
    remembered.last = next.toString();
    const found = sourceOf(state, next);
    const lost = !found && (next.has("query") || next.has("id"));
    running?.abort();
    const changing = waiting !== null && next.toString() === sent; // More was changed before it got here.
    if (!changing) settle();
    toolbar.show(next);
    root.classList.toggle("asked", Boolean(found));
    if (!found) return showStart(lost);
    if (found !== source) showQuery(found);
    if (!changing) panel.set(boxesOf(next));
    marks = new Map([...next.getAll("right").map((id) => [Number(id), "right"]), ...next.getAll("wrong").map((id) => [Number(id), "wrong"])]);
    run();
  }

  function showStart(lost) {
    source = panel = answer = null;
    shown?.stop();
    refill(said);
    shown = startState(results, { above: aside, info, params, lost, remembered, intake: taken, use: (id) => change({ id, query: null, boxes: null }) });
  }

  function showQuery(found) {
    source = found;
    panel = queryPanel(found, {
      intake: taken,
      onBoxes: (boxes) => change({ boxes: boxesText(boxes) }, 120),
      onLeave: () => go("search?"),
    });
    refill(aside, panel.node);
  }

  /** Other parameters: a new entry of the history, after a moment in which nothing else changes. */
  function change(changes, delay = 0) {
    const next = new URLSearchParams(params);
    for (const [name, value] of Object.entries(changes)) {
      next.delete(name);
      for (const one of [value].flat()) if (one !== null && one !== "") next.append(name, one);
    }
    if (!("top" in changes)) next.delete("top");
    if ("id" in changes || "query" in changes || "boxes" in changes) ["right", "wrong"].forEach((name) => next.delete(name));
    settle();
    waiting = setTimeout(() => {
      waiting = null;
      sent = next.toString();
      go(`search?${next}`);
    }, delay);
  }

  function settle() {
    clearTimeout(waiting);
    waiting = null;
  }

  async function run() {
    const mine = (running = new AbortController());
    const key = params.toString();
    const started = performance.now();
    try {
      let got = remembered.answers.get(key);
      if (!got) {
        busy(true);
        if (!answer) wait();
        got = await question(mine.signal);
        got.waited = performance.now() - started;
        keep(key, got);
      }
      if (mine === running) show(got);
    } catch (error) {
      if (error.name !== "AbortError" && mine === running) fail(error);
    } finally {
      if (mine === running) busy(false);
    }
  }

  /** Nothing is known of this picture yet: room for what comes. */
  function wait() {
    shown?.stop();
    shown = null;
    refill(said, el("p", { class: "muted summary-title" }, "Searching…"));
    refill(results, waitingWall());
  }

  async function question(signal) {
    const boxes = boxesOf(params);
    const fields = { top: Number(params.get("top")) || TOP, ...filterOf(params) };
    const onWait = (seconds) => refill(said, el("p", { class: "notice", role: "status" }, `The server is busy. Trying again in ${count(Math.ceil(seconds), "second")}.`));
    const marked = { right: params.getAll("right"), wrong: params.getAll("wrong") };
    if (!source.id || boxes.length || marked.right.length || marked.wrong.length) {
      const more = { ...marked, boxes: JSON.stringify(boxes), exclude_self: source.id ? "true" : null };
      return ask("search", source, { ...fields, ...more }, { signal, onWait });
    }
    const got = await patiently(() => api.get(`images/${source.id}/similar`, fields, { signal }), { signal, onWait });
    learn(source, got.query);
    return got;
  }

  function keep(key, got) {
    remembered.answers.set(key, got);
    for (const old of remembered.answers.keys()) {
      if (remembered.answers.size <= 20) break;
      remembered.answers.delete(old);
    }
  }

  function busy(on) {
    results.setAttribute("aria-busy", String(on));
    panel?.busy(on);
    root.classList.toggle("busy", on);
  }

  function show(got) {
    answer = got;
    panel.learned(source);
    refill(said, summary(got));
    shown?.stop();
    const inside = results.contains(document.activeElement);
    const more = got.results.length >= (Number(params.get("top")) || TOP) && got.results.length < MOST;
    shown = showResults(results, got, {
      ...actions,
      marks,
      filtered: Object.keys(filterOf(params)).length > 0,
      boxed: boxesOf(params).length > 0,
      alone: info.images === 1 && params.has("id"),
      more: more ? () => change({ top: Math.min(MOST, 2 * got.results.length) }) : null,
      again: () => change(byMark()),
      unfilter: () => change(Object.fromEntries(Object.keys(filterOf(params)).map((name) => [name, null]))),
      unmark: () => (marks.clear(), change({ right: [], wrong: [] })),
      hover: (hit) => panel?.point((hit?.verified && hit.query_region) || null),
    });
    if (inside) results.focus({ preventScroll: true });
    if (remembered.left) results.querySelector(`[data-id="${remembered.left}"] .tile-open`)?.focus({ preventScroll: true });
    remembered.left = null;
    const verified = got.results.filter((hit) => hit.verified).length;
    announce(`${count(got.results.length, "result")}, ${verified} verified, in ${Math.round(got.milliseconds.total)} milliseconds`);
  }

  function fail(error) {
    if (!(error instanceof ApiError)) console.error(error);
    refill(said, el("p", { class: "notice error", role: "alert" }, plain(error)));
    if (!answer || error.status === 415 || error.status === 413) {
      shown?.stop();
      refill(results);
    }
    if (error.status >= 500) say("The last question was not answered.", "error");
  }

  function byMark() {
    const of = (value) => [...marks].filter(([, mark]) => mark === value).map(([id]) => id);
    return { right: of("right"), wrong: of("wrong") };
  }

  const actions = {
    open: (hit) => openLarge(answer.results, answer.results.indexOf(hit), { ...actions, marks }),
    use: (hit) => {
      change({ id: hit.image.id, query: null, boxes: null });
      scrollTo(0, 0);
    },
    why: (hit) => {
      state.why = { results: answer.results, search: params.toString(), place: history.state?.place };
      remembered.left = hit.image.id;
      const next = new URLSearchParams(params);
      next.set("result", hit.image.id);
      go(`why?${next}`);
    },
    mark: (hit, value) => {
      if (value) marks.set(hit.image.id, value);
      else marks.delete(hit.image.id);
      shown.marked(marks);
    },
    near: (hit) => change({ place: `${hit.image.latitude},${hit.image.longitude},10` }),
    label: info.readonly
      ? null
      : async (hit) => {
          const { labels } = await api.get("labels").catch(() => ({ labels: [] }));
          const changed = await editLabels(hit.image, labels.map(({ label }) => label));
          if (changed) hit.image.labels = changed;
          return changed;
        },
  };

  const back = !context.params.toString() && remembered.last;
  if (back) history.replaceState(history.state, "", `#/search?${back}`);
  update(back ? new URLSearchParams(back) : context.params);

  return () => {
    running?.abort();
    settle();
    taken.stop();
    toolbar.stop();
    shown?.stop();
  };
}
