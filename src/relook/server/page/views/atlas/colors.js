// Colors of labels, as `relook atlas` draws them too (plots/atlas_colors.py says how they were found):
// twelve that stay apart for the largest labels, pale hues a golden angle apart for all others.

const LIGHT = [
  "#156894", "#ce7300", "#055e1b", "#4734a5", "#a334bf", "#e12254",
  "#a81800", "#268562", "#ab6dfb", "#6a88c1", "#b76c89", "#7b366a",
]; // prettier-ignore
const DARK = [
  "#008eb0", "#b48b4e", "#80daae", "#a063fe", "#fd95e7", "#cd4d25",
  "#fb7b81", "#55d53f", "#6368c7", "#589bfb", "#ffc6dd", "#b494c0",
]; // prettier-ignore
const GOLDEN = 137.508; // Degrees.
const CHROMA = 0.085;
const LIGHTNESS = { light: [0.53, 0.65], dark: [0.66, 0.8] };

/** Which color a label has: its name decides, and the largest labels of a collection share none. */
export class Colors {
  constructor(state) {
    this.slots = state.slots ||= new Map(); // Kept between visits: a label never changes its color.
    this.kept = new Map(); // Slot → color, in both themes.
  }

  /** Give colors to names that have none yet, the first ones first. */
  assign(names) {
    const taken = new Set(this.slots.values());
    for (const name of names) {
      if (this.slots.has(name)) continue;
      const slot = taken.size < LIGHT.length ? free(hash(name) % LIGHT.length, taken) : taken.size;
      taken.add(slot);
      this.slots.set(name, slot);
    }
  }

  of(name, dark) {
    const slot = this.slots.get(name) ?? hash(name) % LIGHT.length;
    if (slot < LIGHT.length) return (dark ? DARK : LIGHT)[slot];
    const key = dark ? -slot : slot;
    if (!this.kept.has(key)) this.kept.set(key, pale(slot - LIGHT.length, dark ? LIGHTNESS.dark : LIGHTNESS.light));
    return this.kept.get(key);
  }
}

function free(slot, taken) {
  while (taken.has(slot)) slot = (slot + 1) % LIGHT.length;
  return slot;
}

function pale(number, lightness) {
  return oklch(lightness[number % lightness.length], CHROMA, ((number * GOLDEN) % 360) * (Math.PI / 180));
}

/** OKLCH as "#rrggbb" (Ottosson 2020), clipped to what a screen shows. */
function oklch(lightness, chroma, hue) {
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
  ]; // prettier-ignore
  return `#${linear.map(channel).join("")}`;
}

function channel(linear) {
  const value = Math.min(1, Math.max(0, linear));
  const encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
  return Math.round(255 * encoded).toString(16).padStart(2, "0");
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
