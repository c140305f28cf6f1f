// Why a result was found: what matches, one picture laid over the other, what made them similar.

import { api, ApiError } from "../api.js";
import { ask, boxesOf, plain, sourceOf } from "../parts/asking.js";
import { button, count, el, empty, icon, refill, stylesheet } from "../parts/dom.js";
import { verifiedMark } from "../parts/hit.js";
import { sane } from "../parts/homography.js";
import { outline } from "../parts/outline.js";
import { blink } from "./why/blink.js";
import { heat, legend, scaleOf } from "./why/heat.js";
import { lines } from "./why/lines.js";
import { sentences } from "./why/words.js";

export const title = "Why this result?";

const MODES = { matches: ["Matches", "why"], overlay: ["Overlay", "duplicate"], heat: ["What counts", "picture"] };

export function mount(root, context) {
  const { state, info, go, announce } = context;
  const remembered = (state.whyView ||= { mode: "matches", outlines: true });
  const stage = el("div", { class: "why-stage" });
  const words = el("div", { class: "why-words", "aria-live": "polite" });
  const modes = el("div", { class: "row why-modes", role: "group", "aria-label": "Show" });
  const tools = el("div", { class: "why-tools" });
  const steps = el("div", { class: "row why-steps" });
  const back = el("a", { class: "button quiet why-back", onclick: (event) => leave(event) }, icon("back"), "Results");
  const observer = new ResizeObserver(() => drawn?.draw());
  let params = context.params;
  let answer = null;
  let drawn = null; // What stands on the stage: { draw, stop }
  let running = null;

  stylesheet("style/why.css").then(() => drawn?.draw());
  root.append(el("header", { class: "why-head" }, back, el("h1", {}, title), steps), words, el("div", { class: "row why-bar" }, modes, tools), stage);
  observer.observe(stage);
  root.addEventListener("params", (event) => {
    event.preventDefault();
    update(event.detail);
  });
  addEventListener("keydown", key);
  update(params);

  function update(next) {
    params = next;
    const search = new URLSearchParams(params);
    search.delete("result");
    back.href = `#/search?${search}`;
    showSteps();
    load();
  }

  async function load() {
    running?.abort();
    const mine = (running = new AbortController());
    const source = sourceOf(state, params);
    const result = Number(params.get("result"));
    if (!source || !result) return lost();
    stage.setAttribute("aria-busy", "true");
    try {
      const fields = { result, boxes: JSON.stringify(boxesOf(params)) };
      const got = await ask("explain", source, fields, { signal: mine.signal, onWait: waits });
      if (mine !== running) return;
      answer = got;
      show(source);
    } catch (error) {
      if (error.name !== "AbortError" && mine === running) trouble(error);
    } finally {
      if (mine === running) stage.removeAttribute("aria-busy");
    }
  }

  function waits(seconds) {
    clear();
    refill(words, el("p", { class: "notice", role: "status" }, `The server is busy. Trying again in ${count(Math.ceil(seconds), "second")}.`));
  }

  function lost() {
    const again = el("a", { class: "button primary", href: "#/search?" }, "Search");
    clear();
    refill(stage, empty("picture", "That picture is not kept any more", "Bring it again and search with it; then open a result.", again));
  }

  function trouble(error) {
    if (!(error instanceof ApiError)) console.error(error);
    clear();
    refill(stage, empty("warning", "This could not be explained", plain(error), button("Try again", { icon: "refresh", kind: "primary", onclick: load })));
  }

  function clear() {
    drawn?.stop();
    drawn = null;
    refill(words);
    refill(modes);
    refill(tools);
  }

  function show(source) {
    const text = sentences(answer, info.kind);
    refill(words, el("p", { class: "why-verdict" }, verifiedMark({ ...answer }), text[0]), text.length > 1 ? el("p", { class: "muted" }, text.slice(1).join(" ")) : null);
    const offered = [answer.points.length || answer.region ? "matches" : "", overlays(source) ? "overlay" : "", answer.maps ? "heat" : ""].filter(Boolean);
    const mode = offered.includes(remembered.mode) ? remembered.mode : offered[0] || "matches";
    refill(modes, offered.length > 1 ? offered.map((name) => modeButton(name, mode, source)) : null);
    draw(mode, source);
    announce(text[0]);
  }

  function overlays(source) {
    return !source.opaque && answer.points.length > 0 && sane(answer.transform, [answer.query.width, answer.query.height]);
  }

  function modeButton(name, mode, source) {
    const [text, mark] = MODES[name];
    const choose = () => {
      remembered.mode = name;
      for (const other of modes.children) other.setAttribute("aria-pressed", String(other === control));
      draw(name, source);
    };
    const control = button(text, { icon: mark, kind: "small", "aria-pressed": String(name === mode), onclick: choose });
    return control;
  }

  function draw(mode, source) {
    drawn?.stop();
    stage.dataset.mode = mode;
    stage.classList.toggle("tall", [answer.query, answer.result].every((one) => one.width < 0.95 * one.height));
    const query = figure(source.url, "Your picture", [answer.query.width, answer.query.height], source.opaque);
    const result = figure(api.thumbnail(answer.result.id, "large"), answer.result.name, [answer.result.width, answer.result.height]);
    drawn = { matches, overlay, heat: heats }[mode](query, result, source);
    for (const image of stage.querySelectorAll("img")) image.addEventListener("load", () => drawn?.draw());
    drawn.draw();
  }

  function matches(query, result) {
    query.frame.append(outline(answer.query_region, answer.query) || "");
    result.frame.append(outline(answer.region, answer.result) || "");
    refill(stage, query.node, result.node);
    const drawing = lines(stage, [query.frame, result.frame], answer);
    stage.append(drawing.node);
    const total = answer.points.length;
    const some = drawing.shown < total ? `${drawing.shown} of ${total} lines are drawn.` : "";
    const region = (on) => {
      remembered.outlines = on;
      stage.classList.toggle("no-outlines", !on);
    };
    region(remembered.outlines);
    const check = el("input", { type: "checkbox", checked: remembered.outlines, onchange: (event) => region(event.target.checked) });
    refill(tools, answer.region ? el("label", { class: "check small" }, check, "Outline") : null, some ? el("span", { class: "muted small" }, some) : null);
    return { draw: drawing.draw, stop() {} };
  }

  function overlay(query, result, source) {
    const over = el("img", { class: "why-over", src: source.url, alt: "", width: answer.query.width, height: answer.query.height });
    result.frame.append(over);
    refill(stage, result.node);
    const blinking = blink(over, result.frame, answer);
    refill(tools, blinking.node);
    return { draw: blinking.place, stop: blinking.stop };
  }

  function heats(query, result) {
    const { maps } = answer;
    const most = scaleOf(maps.query, maps.result);
    query.frame.append(heat(maps.query, [answer.query.width, answer.query.height], most));
    result.frame.append(heat(maps.result, [answer.result.width, answer.result.height], most));
    refill(stage, query.node, result.node);
    const on = el("input", { type: "checkbox", checked: true, onchange: (event) => stage.classList.toggle("no-heat", !event.target.checked) });
    refill(tools, el("label", { class: "check small" }, on, "Heat map"));
    stage.append(legend(maps.similarity));
    return { draw() {}, stop: () => stage.classList.remove("no-heat") };
  }

  function showSteps() {
    const results = state.why?.results || [];
    const here = results.findIndex((hit) => hit.image.id === Number(params.get("result")));
    if (here < 0) return refill(steps);
    const way = (by, text, name) => button(text, { icon: name, only: true, kind: "small", disabled: !results[here + by], onclick: () => step(by) });
    refill(steps, el("span", { class: "muted number" }, `${here + 1} of ${results.length.toLocaleString("en")}`), way(-1, "Previous result", "back"), way(1, "Next result", "forward"));
  }

  function step(by) {
    const results = state.why?.results || [];
    const here = results.findIndex((hit) => hit.image.id === Number(params.get("result")));
    const next = here >= 0 && results[here + by];
    if (!next) return;
    const changed = new URLSearchParams(params);
    changed.set("result", next.image.id);
    history.replaceState(history.state, "", `#/why?${changed}`);
    update(changed);
    steps.querySelectorAll("button")[by > 0 ? 1 : 0]?.focus();
  }

  /** Where it was opened from results: back to them as they were left. */
  function leave(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const came = state.why?.search === new URLSearchParams(back.hash.slice(back.hash.indexOf("?"))).toString();
    if (came && state.why.place === history.state?.place - 1) history.back();
    else go(back.hash);
  }

  function key(event) {
    if (event.target.closest?.("input, textarea, dialog") || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowLeft") step(-1);
    else if (event.key === "ArrowRight") step(1);
    else if (event.key === "Escape") leave(event);
  }

  return () => {
    running?.abort();
    observer.disconnect();
    removeEventListener("keydown", key);
    drawn?.stop();
  };
}

/** A picture of known size, and the frame that overlays are laid into. */
function figure(url, name, [width, height], opaque = false) {
  const picture = opaque
    ? el("div", { class: "why-unshown" }, icon("picture"), el("p", { class: "small" }, "It cannot be shown here."))
    : el("img", { src: url, alt: name, width, height });
  const frame = el("div", { class: "why-frame" }, picture);
  frame.style.setProperty("--ratio", width / height);
  frame.style.aspectRatio = `${width} / ${height}`;
  return { frame, node: el("figure", {}, frame, el("figcaption", { class: "muted small" }, name)) };
}
