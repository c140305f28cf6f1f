// A map of a few places: the world, a region, or below 50 km a plain plot in meters.

import { button, color, el } from "../../parts/dom.js";
import { baseMap, drawBase, drawGraticule, rule } from "./base.js";
import { meters, metersPerWorld, project, round125, unproject } from "./earth.js";
import { Inset } from "./inset.js";
import { moving } from "./moving.js";
import { pins } from "./pins.js";

const LOCAL = 50_000; // Meters across, below which the base map says nothing.
const CLOSEST = 40; // Meters across at the closest.
const MARGIN = 64; // Pixels that stay free around what is fitted.

export class PlaceMap {
  /** `location` is the estimate or null; `pictures` are hits with a place; `pick(hit)` is a click. */
  constructor({ location, pictures, pick, thumbnail }) {
    this.location = location;
    this.pictures = pictures.map((hit) => ({ hit, ...hit.image, at: project(hit.image.longitude, hit.image.latitude) }));
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.layer = el("div", { class: "pins", "aria-hidden": "true" });
    this.caption = el("p", { class: "map-caption muted small" });
    this.credit = el("p", { class: "map-credit" }, "Made with Natural Earth");
    this.inset = new Inset();
    this.frame = el("div", { class: "map-frame", tabindex: "0", role: "group", "aria-label": "Map. Arrow keys move it, plus and minus zoom, 0 shows the estimate. The list beside it says the same." }, this.canvas, this.layer, this.inset.canvas);
    this.node = el("div", { class: "map" }, this.frame, this.tools(), this.credit);
    this.pins = pins(this.layer, { pick, thumbnail, zoom: (members) => this.fit(members.map((one) => one.at)) });
    this.view = { x: 0.5, y: 0.42, scale: 512, width: 0, height: 0 };
    this.stopMoving = moving(this.frame, this);
    this.onTheme = () => this.paint();
    addEventListener("themechange", this.onTheme);
    this.observer = new ResizeObserver(([entry]) => this.resize(entry.contentRect));
    this.observer.observe(this.frame);
    baseMap().then((map) => {
      this.map = map;
      this.draw();
    }, () => (this.credit.textContent = "The base map could not be loaded."));
  }

  stop() {
    this.stopMoving();
    this.observer.disconnect();
    removeEventListener("themechange", this.onTheme);
  }

  tools() {
    const one = (text, name, onclick) => button(text, { icon: name, only: true, kind: "small", onclick });
    const all = this.pictures.length || this.location;
    return el("div", { class: "map-tools" }, [
      one("Zoom in", "plus", () => this.zoom(2)),
      one("Zoom out", "minus", () => this.zoom(0.5)),
      this.location ? one("Show the estimate", "place", () => this.home()) : null,
      all ? one("Show all places", "home", () => this.everything()) : null,
    ]);
  }

  resize({ width, height }) {
    const first = !this.view.width;
    Object.assign(this.view, { width, height });
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    if (first && width) this.home();
    else this.draw();
  }

  // Where to look.

  home() {
    if (!this.location) return this.everything();
    const near = this.pictures.filter((one) => one.hit.role === "agrees").map((one) => one.at);
    return this.fit([...near, ...this.reach()]);
  }

  everything() {
    this.fit([...this.pictures.map((one) => one.at), ...this.reach()]);
  }

  /** Corners of the square around the spread of the estimate. */
  reach() {
    if (!this.location) return [];
    const [x, y] = this.center();
    const far = Math.max(this.location.spread_m ?? 0, 40) / metersPerWorld(this.location.latitude);
    return [[x - far, y - far], [x + far, y + far]];
  }

  center() {
    return project(this.location.longitude, this.location.latitude);
  }

  fit(points) {
    if (!points.length) return;
    const axis = (place) => points.map((point) => point[place]);
    const [left, right, top, bottom] = [Math.min(...axis(0)), Math.max(...axis(0)), Math.min(...axis(1)), Math.max(...axis(1))];
    const room = (size) => Math.max(size - 2 * MARGIN, size / 2);
    const scale = Math.min(room(this.view.width) / (right - left || 1e-9), room(this.view.height) / (bottom - top || 1e-9));
    Object.assign(this.view, { x: (left + right) / 2, y: (top + bottom) / 2, scale });
    this.settle();
  }

  zoom(factor, at = [this.view.width / 2, this.view.height / 2]) {
    const { view } = this;
    const [dx, dy] = [at[0] - view.width / 2, at[1] - view.height / 2];
    const [x, y] = [view.x + dx / view.scale, view.y + dy / view.scale];
    view.scale *= factor;
    this.settle(false);
    Object.assign(view, { x: x - dx / view.scale, y: y - dy / view.scale });
    this.settle();
  }

  pan(dx, dy) {
    this.view.x -= dx / this.view.scale;
    this.view.y -= dy / this.view.scale;
    this.settle();
  }

  /** Keep scale and center within what makes sense. */
  settle(draw = true) {
    const { view } = this;
    const latitude = unproject(0, view.y)[1];
    const closest = (view.width * metersPerWorld(latitude)) / CLOSEST;
    view.scale = Math.min(Math.max(view.scale, Math.max(view.width, view.height * 1.05)), closest);
    const half = view.height / view.scale / 2;
    view.y = Math.min(Math.max(view.y, half), 1 - half);
    if (draw) this.draw();
  }

  // What is seen.

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      this.paint();
    });
  }

  paint() {
    const { view } = this;
    if (!view.width) return;
    const context = this.canvas.getContext("2d");
    const colors = palette();
    const latitude = unproject(0, view.y)[1];
    const across = (view.width / view.scale) * metersPerWorld(latitude);
    const local = across < LOCAL;
    context.clearRect(0, 0, view.width, view.height);
    if (local) this.plot(context, colors, latitude);
    else if (this.map) drawBase(context, this.map, view, colors);
    if (!local && across < 8e6) drawGraticule(context, view, colors);
    this.estimate(context, colors);
    if (across < 2e7) scaleBar(context, view, colors, metersPerWorld(latitude) / view.scale);
    if (local) north(context, view, colors);
    this.frame.dataset.level = local ? "local" : across < 8e6 ? "region" : "world";
    this.caption.textContent = local ? `A plain plot to scale, ${meters(across)} across: closer than the base map knows.` : "";
    this.credit.hidden = local;
    this.inset.paint(this.map, view, colors, across < 8e6);
    this.pins.place(this.pictures, view);
  }

  /** A grid in meters around the estimate. */
  plot(context, colors, latitude) {
    const { view } = this;
    context.fillStyle = colors.plain;
    context.fillRect(0, 0, view.width, view.height);
    const perPixel = metersPerWorld(latitude) / view.scale;
    const step = round125(110 * perPixel) / perPixel;
    const origin = this.location ? this.screen(this.center()) : [view.width / 2, view.height / 2];
    context.strokeStyle = colors.grid;
    context.lineWidth = 1;
    for (let x = ((origin[0] % step) + step) % step; x < view.width; x += step) rule(context, Math.round(x) + 0.5, 0, Math.round(x) + 0.5, view.height);
    for (let y = ((origin[1] % step) + step) % step; y < view.height; y += step) rule(context, 0, Math.round(y) + 0.5, view.width, Math.round(y) + 0.5);
  }

  screen([x, y]) {
    const { view } = this;
    const near = x + Math.round(view.x - x); // The copy of the world that is looked at.
    return [view.width / 2 + (near - view.x) * view.scale, view.height / 2 + (y - view.y) * view.scale];
  }

  estimate(context, colors) {
    if (!this.location) return;
    const [x, y] = this.screen(this.center());
    const radius = ((this.location.spread_m ?? 0) / metersPerWorld(this.location.latitude)) * this.view.scale;
    if (radius > 9) {
      disc(context, x, y, radius);
      context.fillStyle = colors.spread;
      context.fill();
      context.strokeStyle = colors.accent;
      context.lineWidth = 1.5;
      context.stroke();
    }
    disc(context, x, y, 9);
    context.fillStyle = colors.halo;
    context.fill();
    disc(context, x, y, 6.5);
    context.fillStyle = colors.accent;
    context.fill();
  }
}

function disc(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

function scaleBar(context, { height }, colors, perPixel) {
  const length = round125(140 * perPixel);
  const wide = length / perPixel;
  const y = height - 18;
  context.strokeStyle = colors.ink;
  context.fillStyle = colors.ink;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(16, y - 5);
  context.lineTo(16, y);
  context.lineTo(16 + wide, y);
  context.lineTo(16 + wide, y - 5);
  context.stroke();
  context.font = `600 12px ${colors.font}`;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillText(meters(length), 16, y - 9);
}

function north(context, { width, height }, colors) {
  const [x, y] = [width - 26, height - 40];
  context.fillStyle = colors.ink;
  context.beginPath();
  context.moveTo(x, y - 16);
  context.lineTo(x + 7, y + 6);
  context.lineTo(x, y + 1);
  context.lineTo(x - 7, y + 6);
  context.closePath();
  context.fill();
  context.font = `600 12px ${colors.font}`;
  context.textAlign = "center";
  context.fillText("N", x, y + 22);
}

function palette() {
  const names = { ink: "ink", text: "muted", accent: "accent", halo: "surface", land: "map-land", water: "map-water", border: "map-border", grid: "map-grid", plain: "map-plain", spread: "map-spread" };
  const colors = Object.fromEntries(Object.entries(names).map(([key, token]) => [key, color(token)]));
  return { ...colors, font: getComputedStyle(document.body).fontFamily };
}
