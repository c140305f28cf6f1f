// The whole world, small, with a mark where the large map is.

import { el } from "../../parts/dom.js";
import { drawBase } from "./base.js";

const [WIDTH, HEIGHT] = [132, 84];

export class Inset {
  constructor() {
    this.canvas = el("canvas", { class: "map-inset", "aria-hidden": "true", hidden: true });
  }

  paint(map, view, colors, shown) {
    this.canvas.hidden = !shown || !map || view.width < 360;
    if (this.canvas.hidden) return;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = WIDTH * ratio;
    this.canvas.height = HEIGHT * ratio;
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    const world = { x: 0.5, y: 0.41, scale: WIDTH, width: WIDTH, height: HEIGHT };
    drawBase(context, { ...map, borders: [], places: [] }, world, colors);
    const x = (((view.x % 1) + 1) % 1) * WIDTH;
    const y = HEIGHT / 2 + (view.y - world.y) * WIDTH;
    for (const [radius, fill] of [[5, colors.halo], [3.5, colors.accent]]) {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = fill;
      context.fill();
    }
  }
}
