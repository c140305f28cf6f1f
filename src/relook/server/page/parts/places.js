// Where the entries of the history were scrolled to: back and forward return there.

const LONGEST = 2000; // Milliseconds that what was there may take to come.
const OWN = ["wheel", "pointerdown", "keydown"]; // Somebody moves on by themselves.

/** The browser cannot do that alone: when it tries, the view is not there yet. */
export class Places {
  constructor() {
    history.scrollRestoration = "manual";
    this.tops = new Map();
    this.here = null;
    this.next = Date.now(); // Not a number of before a reload.
    addEventListener("scroll", () => this.tops.set(this.here, scrollY), { passive: true });
  }

  /** An entry was entered: how far down it was when it was left, or null where it is new. */
  enter() {
    const known = history.state?.place;
    this.here = known ?? this.next++;
    if (known === undefined) history.replaceState({ place: this.here }, "");
    return this.tops.get(known) ?? null;
  }

  /** Scroll to where it was, also where what was there comes a moment later. */
  restore(top, content) {
    const grown = new ResizeObserver(() => {
      scrollTo(0, top);
      if (Math.abs(scrollY - top) < 2) stop();
    });
    const stop = () => {
      grown.disconnect();
      OWN.forEach((name) => removeEventListener(name, stop));
    };
    scrollTo(0, top);
    if (Math.abs(scrollY - top) < 2) return;
    OWN.forEach((name) => addEventListener(name, stop, { once: true, passive: true }));
    grown.observe(content);
    setTimeout(stop, LONGEST);
  }
}
