// Colors of labels: 14 hues that stay apart in light and dark, and with red-green blindness too.
// Found by maximizing the least OKLab distance of any two, also as seen with protanopia and
// deuteranopia (Machado et al. 2009), in both themes at once.

const LIGHT = [
  "#3d8aae", "#ae4d02", "#56b01d", "#652ab3", "#c25684", "#3c7e56", "#de7973",
  "#4a7ef2", "#890c61", "#858c43", "#c785d5", "#3c4786", "#833c44", "#8c57c1",
]; // prettier-ignore
const DARK = [
  "#6ba9cc", "#d86b1e", "#9eeb63", "#9a78d0", "#e384a1", "#48b566", "#fcaaab",
  "#a2bffc", "#e552a1", "#a3b913", "#fbccfa", "#546de4", "#d53257", "#cc81fb",
]; // prettier-ignore

/** Which color a label has: its name decides, and the largest labels of a collection share none. */
export class Colors {
  constructor(state) {
    this.slots = state.slots ||= new Map(); // Kept between visits: a label never changes its color.
  }

  /** Give colors to names that have none yet, the first ones first. */
  assign(names) {
    const used = new Int32Array(LIGHT.length);
    for (const slot of this.slots.values()) used[slot] += 1;
    for (const name of names) {
      if (this.slots.has(name)) continue;
      const least = Math.min(...used);
      let slot = hash(name) % LIGHT.length;
      while (used[slot] > least) slot = (slot + 1) % LIGHT.length;
      used[slot] += 1;
      this.slots.set(name, slot);
    }
  }

  of(name, dark) {
    const slot = this.slots.get(name) ?? hash(name) % LIGHT.length;
    return (dark ? DARK : LIGHT)[slot];
  }
}

/** FNV-1a. */
function hash(text) {
  let value = 0x811c9dc5;
  for (let k = 0; k < text.length; k += 1) value = Math.imul(value ^ text.charCodeAt(k), 0x01000193);
  return value >>> 0;
}

/** "#rrggbb" or "rgb(…)" as [r, g, b]. */
export function rgb(text) {
  if (text.startsWith("#")) return [1, 3, 5].map((k) => parseInt(text.slice(k, k + 2), 16));
  return text.match(/[\d.]+/g).slice(0, 3).map(Number);
}

/** a, with a share of b. */
export function mix(a, b, share) {
  return a.map((value, k) => Math.round(value + (b[k] - value) * share));
}
