// The guide: hold the camera at something, or give a picture, and read what it is.

import { ApiError } from "../api.js";
import { ask, bring, plain, sourceOf } from "../parts/asking.js";
import { button, el, empty, icon, refill, stylesheet } from "../parts/dom.js";
import { handheld, intake } from "../parts/intake.js";
import { card, spoken } from "./recognize/answer.js";
import * as camera from "./recognize/camera.js";
import { Steady } from "./recognize/steady.js";

export const title = "Recognize";

await stylesheet("style/recognize.css");

export function mount(root, context) {
  const guide = new Guide(root, context);
  return () => guide.stop();
}

class Guide {
  constructor(root, context) {
    this.context = context;
    this.root = root;
    this.steady = new Steady();
    this.stage = el("section", { class: "stage", "aria-label": "Picture" });
    this.answer = el("section", { class: "answer-place", "aria-label": "Answer" });
    this.heading = el("h1", {}, "What is this?");
    this.asked = null; // AbortController of the picture that is asked about.
    if (!context.info.labelled) this.unlabelled();
    else this.start();
  }

  start() {
    this.input = intake(([file]) => this.bring(file), { text: "Drop it to recognize what it shows" });
    this.root.append(el("header", { class: "head" }, this.heading), el("div", { class: "guide" }, this.stage, this.answer));
    this.onparams = (event) => {
      event.preventDefault();
      this.follow(event.detail);
    };
    this.root.addEventListener("params", this.onparams);
    this.follow(this.context.params);
  }

  stop() {
    this.stopCamera();
    this.asked?.abort();
    this.input?.stop();
  }

  follow(params) {
    const source = sourceOf(this.context.state, params);
    if (source) this.picture(source);
    else this.idle();
  }

  bring(file) {
    const source = bring(this.context.state, file);
    this.context.go(`#/recognize?${new URLSearchParams({ query: source.token })}`);
  }

  // Nothing to look at yet.

  idle(complaint = "") {
    this.clear();
    this.root.dataset.mode = "idle";
    const live = button("Use the camera", { icon: "camera", kind: "primary", onclick: () => this.live() });
    const pick = button("Choose a picture", { icon: "picture", kind: complaint ? "primary" : "", onclick: () => this.input.pick() });
    const shoot = handheld() ? button("Take a photo", { icon: "camera", onclick: () => this.input.photograph() }) : null;
    const reason = complaint || camera.unavailable();
    refill(
      this.stage,
      el(
        "div",
        { class: "guide-start" },
        icon("recognize"),
        el("p", { class: "guide-start-text" }, "Hold the camera at something, or drop, paste or choose a picture."),
        reason ? el("p", { class: "notice warn", role: "status" }, icon("warning"), el("span", {}, reason)) : null,
        el("div", { class: "row" }, reason ? null : live, pick, reason ? shoot : null, complaint ? this.again() : null),
        el("p", { class: "muted small" }, "Pictures go to this server only, and are not kept."),
      ),
    );
    refill(this.answer);
  }

  again() {
    return button("Try the camera again", { icon: "refresh", onclick: () => this.live() });
  }

  // A picture that was brought, or one of the collection.

  async picture(source) {
    this.clear();
    this.root.dataset.mode = "picture";
    const image = el("img", { class: "shown", src: source.url, alt: source.name || "The picture that is asked about" });
    const other = button("Another picture", { icon: "picture", onclick: () => this.input.pick() });
    const live = camera.unavailable() ? null : button("Use the camera", { icon: "camera", onclick: () => this.live() });
    refill(this.stage, el("div", { class: "view-finder still" }, image), el("div", { class: "row tools" }, live, other));
    refill(this.answer, working("Looking…"));
    this.asked = new AbortController();
    const { signal } = this.asked;
    try {
      const answer = await ask("recognize", source, {}, { signal, onWait: (s) => refill(this.answer, working(busy(s))) });
      if (signal.aborted) return;
      if (image.src !== source.url) image.src = source.url;
      this.show(answer, (result) => ({ token: source.token, id: source.id, result }));
    } catch (error) {
      if (error.name !== "AbortError") this.trouble(error);
    }
  }

  // The camera, live.

  async live(facing = "environment") {
    this.clear();
    this.root.dataset.mode = "live";
    const reason = camera.unavailable();
    if (reason) return this.idle(reason);
    refill(this.stage, working("Waiting for the camera. Your browser may ask whether this page may use it."));
    const turn = (this.turn = {});
    let stream;
    try {
      stream = await camera.open(facing);
    } catch (error) {
      if (turn === this.turn) this.idle(camera.refused(error));
      return undefined;
    }
    if (turn !== this.turn) return camera.close(stream);
    this.stream = stream;
    stream.getVideoTracks()[0].addEventListener("ended", () => {
      if (this.stream === stream) this.idle("The camera was switched off.");
    });
    return this.watch(stream, facing);
  }

  async watch(stream, facing) {
    const video = el("video", { class: "shown", autoplay: true, muted: true, playsinline: true, "aria-label": "What the camera sees" });
    video.muted = true;
    video.srcObject = stream;
    this.status = el("p", { class: "finder-status" }, el("span", { class: "pulse", "aria-hidden": "true" }), el("span", {}, "Looking"));
    const hold = button("Pause", { icon: "pause", onclick: () => this.pause(video, hold) });
    const tools = el("div", { class: "row tools" }, hold, button("Stop", { icon: "close", onclick: () => this.home() }));
    const pick = button("Choose a picture", { icon: "picture", onclick: () => this.input.pick() });
    tools.append(pick);
    refill(this.stage, el("div", { class: "view-finder" }, video, this.status), tools);
    refill(this.answer, el("p", { class: "muted waiting" }, "The answer appears here while the camera looks."));
    this.follows(video);
    if (await camera.several()) {
      const next = facing === "environment" ? "user" : "environment";
      hold.after(button("Turn the camera", { icon: "refresh", only: true, onclick: () => this.live(next) }));
    }
  }

  follows(video) {
    this.stopFollowing = camera.follow(video, (blob, signal) => this.frame(blob, signal));
  }

  pause(video, hold) {
    const paused = !this.stopFollowing;
    if (paused) {
      video.play();
      this.follows(video);
    } else {
      this.stopFollowing();
      this.stopFollowing = null;
      video.pause();
    }
    this.root.dataset.paused = paused ? "" : "yes";
    this.tell(paused ? "Looking" : "Paused");
    hold.replaceChildren(icon(paused ? "pause" : "play"), el("span", {}, paused ? "Pause" : "Go on"));
  }

  tell(text) {
    if (this.status?.lastChild.textContent !== text) this.status.lastChild.textContent = text;
  }

  /** One frame; answers with seconds to wait where the server asks for patience. */
  async frame(blob, signal) {
    try {
      const answer = await this.context.api.form("recognize", { image: blob }, { signal });
      if (signal.aborted) return 0;
      this.tell("Looking");
      const { answer: shown, changed } = this.steady.take({ ...answer, blob });
      this.show(shown, (result) => this.frozen(shown, result), { silent: !changed });
      return 0;
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return 0;
      if (!(error instanceof ApiError)) console.error(error);
      if (error.status === 409) this.home(() => this.unlabelled());
      else if (error.status === 415 || error.status === 422) this.tell("Nothing to see yet");
      else this.tell(error.status === 503 || error.status === 429 ? "The server is busy; looking again soon" : plain(error));
      return error.retryAfter || 2;
    }
  }

  /** A frame becomes a picture that other views can ask about. */
  frozen(answer, result) {
    const source = bring(this.context.state, new File([answer.blob], "camera.jpg", { type: "image/jpeg" }));
    source.key = answer.query.key;
    return { token: source.token, result };
  }

  // What is shown.

  show(answer, ask_why, { silent = false } = {}) {
    if (silent && this.card && this.card.update(answer)) return;
    const why = (result) => this.why(ask_why(result));
    this.card = card(answer, { ...this.context, why, search: () => this.search(ask_why(null)) });
    refill(this.answer, this.card.node);
    if (!silent) this.context.announce(spoken(answer));
  }

  why({ token, id, result }) {
    const query = id ? { id } : { query: token };
    this.context.go(`#/why?${new URLSearchParams({ ...query, result })}`);
  }

  search({ token, id }) {
    this.context.go(`#/search?${new URLSearchParams(id ? { id } : { query: token })}`);
  }

  trouble(error) {
    if (error instanceof ApiError && error.status === 409) return this.unlabelled();
    return refill(this.answer, el("p", { class: "notice error", role: "alert" }, icon("warning"), el("span", {}, plain(error))));
  }

  home(then = () => this.idle()) {
    this.clear();
    if (location.hash !== "#/recognize") history.replaceState(history.state, "", "#/recognize");
    then();
  }

  clear() {
    this.asked?.abort();
    this.stopCamera();
    this.steady.forget();
    this.card = null;
    delete this.root.dataset.paused;
  }

  stopCamera() {
    this.turn = null;
    this.stopFollowing?.();
    this.stopFollowing = null;
    camera.close(this.stream);
    this.stream = null;
  }

  unlabelled() {
    this.stop();
    const { info } = this.context;
    const how = info.readonly
      ? "This server only reads. Whoever looks after the collection can give labels to its pictures."
      : "Name a few pictures of each thing: two or three views are enough. From then on it is recognized in new pictures.";
    const ways = info.readonly ? [] : [
      el("a", { class: "button primary", href: "#/collection" }, icon("label"), el("span", {}, "Label pictures on the wall")),
      el("a", { class: "button", href: "#/atlas" }, icon("lasso"), el("span", {}, "Draw a lasso on the atlas")),
    ];
    refill(this.root, el("h1", { class: "hidden" }, "Recognize"), empty("label", "Nothing here has a name yet", how, ...ways));
  }
}

function working(text) {
  return el("p", { class: "working", role: "status" }, el("span", { class: "spinner", "aria-hidden": "true" }), el("span", {}, text));
}

function busy(seconds) {
  return `The server is busy. It is asked again in ${Math.ceil(seconds)} s.`;
}
