// The query laid over the result, as the estimated transform says; it blinks, or fades by hand.

import { button, calm, el } from "../../parts/dom.js";
import { matrix3d } from "../../parts/homography.js";

const PERIOD = 900; // Milliseconds that each picture is shown.

/**
 * @param over an img of the query, laid over `under`, the figure of the result.
 * @returns {{node, place(), stop()}}
 */
export function blink(over, under, answer) {
  let timer = null;
  let shown = calm() ? 0.5 : 1;
  const slider = el("input", { type: "range", min: 0, max: 100, "aria-label": "How much of your picture is shown", oninput: () => (pause(), show(slider.value / 100)) });
  const play = button("Pause", { icon: "pause", onclick: () => (timer ? pause() : start()) });
  const node = el(
    "div",
    { class: "blink-tools" },
    play,
    el("label", { class: "blink-slider" }, el("span", { class: "small muted", "aria-hidden": "true" }, "Result"), slider, el("span", { class: "small muted", "aria-hidden": "true" }, "Your picture")),
  );
  addEventListener("keydown", key);
  show(shown);
  if (calm()) name();
  else start();

  function show(value) {
    shown = value;
    over.style.opacity = String(value);
    slider.value = String(Math.round(100 * value));
  }

  function start() {
    timer = setInterval(() => show(shown > 0.5 ? 0 : 1), PERIOD);
    name();
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    name();
  }

  function name() {
    play.lastElementChild.textContent = timer ? "Pause" : "Blink";
    play.querySelector("use").setAttribute("href", `#icon-${timer ? "pause" : "play"}`);
  }

  function key(event) {
    if (event.key !== " " || event.target.closest("button, input, summary, a, dialog")) return;
    event.preventDefault();
    pause();
    show(shown > 0.5 ? 0 : 1);
  }

  function place() {
    const frame = under.getBoundingClientRect();
    over.style.transform = matrix3d(answer.transform, {
      query: [answer.query.width, answer.query.height],
      result: [answer.result.width, answer.result.height],
      drawnQuery: over.offsetWidth,
      drawnResult: frame.width,
    });
  }

  return {
    node,
    place,
    stop() {
      clearInterval(timer);
      removeEventListener("keydown", key);
    },
  };
}
