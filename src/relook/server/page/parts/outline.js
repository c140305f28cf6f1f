// The outline of what matched, drawn over a picture.

import { svg } from "./dom.js";

/** An overlay in pixels of the original; `region` is four corners or null. */
export function outline(region, { width, height }) {
  if (!region) return null;
  const points = region.map((point) => point.join(",")).join(" ");
  return svg(
    "svg",
    { class: "outline", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("polygon", { class: "casing", points }),
    svg("polygon", { points }),
  );
}
