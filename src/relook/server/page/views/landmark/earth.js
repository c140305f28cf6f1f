// Geometry of places: Mercator, distances, and how they are said.

const RADIUS = 6371008.8; // Meters, the mean of the Earth.
const FLATTEST = 85; // Degrees of latitude that the map shows.

/** Longitude and latitude in degrees → x, y of a square world from 0 to 1, y down. */
export function project(longitude, latitude) {
  const clipped = Math.min(Math.max(latitude, -FLATTEST), FLATTEST);
  const sine = Math.sin((clipped * Math.PI) / 180);
  return [longitude / 360 + 0.5, 0.5 - Math.atanh(sine) / (2 * Math.PI)];
}

/** The way back. */
export function unproject(x, y) {
  return [(x - 0.5) * 360, (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI];
}

/** Meters that one unit of the square world is at this latitude. */
export function metersPerWorld(latitude) {
  return 2 * Math.PI * RADIUS * Math.cos((latitude * Math.PI) / 180);
}

/** Meters between two {latitude, longitude}, along the surface. */
export function distance(a, b) {
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const half = (angle) => Math.sin(angle / 2) ** 2;
  const across = Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * half(radians(b.longitude - a.longitude));
  const h = half(radians(b.latitude - a.latitude)) + across;
  return 2 * RADIUS * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** "34 m", "1.2 km", "9,712 km". */
export function meters(length) {
  if (length < 1000) return `${length < 10 ? Number(length.toFixed(1)) : Math.round(length)} m`;
  const km = length / 1000;
  return `${km.toLocaleString("en", { maximumFractionDigits: km < 10 ? 1 : 0 })} km`;
}

/** "48.88624° N, 2.34310° E". */
export function coordinates({ latitude, longitude }, digits = 5) {
  const one = (value, positive, negative) => `${Math.abs(value).toFixed(digits)}° ${value < 0 ? negative : positive}`;
  return `${one(latitude, "N", "S")}, ${one(longitude, "E", "W")}`;
}

/** The largest of 1, 2, 5 × 10ⁿ up to a number. */
export function round125(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return power * [5, 2, 1].find((step) => step * power <= most * (1 + 1e-9));
}

/** A text of the base map as [x, y, x, y, …] of the square world; see tools/make_base_map.py. */
export function line(text, unit) {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const points = [];
  const at = [0, 0];
  let value = 0;
  let weight = 1;
  let axis = 0;
  for (const character of text) {
    const digit = digits.indexOf(character);
    value += (digit % 32) * weight;
    weight *= 32;
    if (digit >= 32) continue;
    at[axis] += value % 2 ? -(value + 1) / 2 : value / 2;
    if (axis === 1) points.push(...project(at[0] * unit, at[1] * unit));
    [axis, value, weight] = [1 - axis, 0, 1];
  }
  return points;
}
