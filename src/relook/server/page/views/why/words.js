// Why a result is there, in plain words.

import { change } from "../../parts/homography.js";
import { similar } from "../../parts/hit.js";

/** Sentences about an explanation, the most important first. */
export function sentences(answer, kind) {
  return [verdict(answer, kind), seen(answer), alike(answer, kind)].filter(Boolean);
}

function verdict({ verified, inliers }, kind) {
  if (verified) return `${inliers} details lie where they should if both show the same thing.`;
  if (inliers > 3) return `Only ${inliers} details agree in place. That can be chance, so it is not called verified.`;
  if (kind === "global") return "The pictures look alike as a whole. This collection compares no single details.";
  if (kind === "both") return "No details agree in place. It is here because the pictures look alike as a whole.";
  return "No details agree in place. It is here because its details look alike, wherever they lie.";
}

function seen({ transform, verified, query }) {
  if (!transform || !verified) return "";
  const { scale, turn } = change(transform, [query.width, query.height]);
  const parts = [];
  if (scale >= 1.15) parts.push(`${scale.toFixed(1)} times larger in pixels`);
  if (scale <= 0.87) parts.push(`${(1 / scale).toFixed(1)} times smaller in pixels`);
  if (Math.abs(turn) >= 4) parts.push(`turned by ${Math.round(Math.abs(turn))}° ${turn > 0 ? "clockwise" : "counterclockwise"}`);
  return parts.length ? `The result shows it ${parts.join(" and ")}.` : "";
}

function alike({ maps, similarity }, kind) {
  const text = similar(similarity ?? maps?.similarity);
  if (!text) return "";
  const what = { local: "Their details", global: "As whole pictures they", both: "Their details or the whole pictures" };
  return `${what[kind]} have a ${text.replace(" ", " of ")}; a copy has 1.`;
}
