// Search: a picture in, the same thing in other pictures out.

import { el, empty } from "../parts/dom.js";

export const title = "Search";

export function mount(root) {
  root.append(el("h1", { class: "hidden" }, "Search"), empty("search", "Search", "Drop a picture here."));
}
