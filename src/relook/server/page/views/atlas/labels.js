// All labels of the pictures: the map itself knows only the first one of each.

import { idsWith } from "./labeling.js";

/** Counts labels, and shows the one that matters on pictures that have several. */
export class Labels {
  constructor(api, { map, colors, counted }) {
    this.api = api;
    this.map = map;
    this.colors = colors;
    this.counted = counted;
    this.counts = null; // Of GET /labels.
    this.given = null; // {label, ids}: the label that was given last.
    this.picked = null; // The same of the label that is highlighted.
  }

  async count() {
    const asked = (this.asked = {}); // Only the newest answer counts.
    let counts;
    try {
      counts = await this.api.get("labels");
    } catch {
      return; // Then what is on the map is counted.
    }
    if (this.map.closed || this.asked !== asked) return;
    this.counts = counts;
    this.colors.assign(this.counts.labels.map(({ label }) => label));
    this.counted();
  }

  /** Color pictures by the label that is highlighted, or was just given, where they have it. */
  lift() {
    const { label, ids } = this.picked ?? this.given ?? { ids: [] };
    const { points } = this.map;
    points.lift(label, ids.map((id) => points.index.get(id)).filter((i) => i !== undefined));
    this.map.paint();
  }

  /** Highlight a label, also on pictures that have it as another than their first; undefined: none. */
  async pick(name) {
    const { map } = this;
    map.highlight = name;
    this.picked = null;
    this.lift();
    const all = this.counts?.labels.find(({ label }) => label === name)?.images ?? 0;
    if (all <= map.points.named(name).length) return;
    const ids = await idsWith(this.api, name).catch(() => new Set());
    if (map.highlight !== name || map.closed) return;
    this.picked = { label: name, ids: [...ids] };
    this.lift();
  }
}
