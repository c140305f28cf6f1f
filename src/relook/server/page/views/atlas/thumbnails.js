// Thumbnails on demand: few requests at a time, given up when scrolled away, memory bounded.

const PARALLEL = 8;
const BYTES = 96 * 2 ** 20;
const SIDES = [112, 320]; // A small bitmap for far out, the whole thumbnail for near.

export class Thumbnails {
  /** `address(id)` of the small thumbnail; `ready()` is called when one more can be drawn. */
  constructor(address, ready) {
    this.address = address;
    this.ready = ready;
    this.kept = new Map(); // "id/level" → {bitmap, born}, least recently used first.
    this.bytes = 0;
    this.running = new Map();
    this.queue = [];
    this.missing = new Set();
    this.pausedUntil = 0;
  }

  /** The best bitmap at hand for a side in device pixels, or null. */
  get(id, side) {
    const level = side > SIDES[0] ? 1 : 0;
    return this.#touch(`${id}/${level}`) || this.#touch(`${id}/${1 - level}`);
  }

  #touch(key) {
    const entry = this.kept.get(key);
    if (!entry) return null;
    this.kept.delete(key);
    this.kept.set(key, entry);
    return entry;
  }

  /** These are wanted now, the most wanted first; all others are given up. */
  want(ids, side) {
    const level = side > SIDES[0] ? 1 : 0;
    const keys = new Set();
    this.queue = [];
    for (const id of ids) {
      const key = `${id}/${level}`;
      keys.add(key);
      const have = this.kept.has(key) || (level === 0 && this.kept.has(`${id}/1`));
      if (!have && !this.running.has(key) && !this.missing.has(id)) this.queue.push({ id, key, level });
    }
    for (const [key, control] of this.running) if (!keys.has(key)) control.abort();
    this.#next();
  }

  #next() {
    const wait = this.pausedUntil - performance.now();
    if (wait > 0) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#next(), wait);
      return;
    }
    while (this.running.size < PARALLEL && this.queue.length) this.#load(this.queue.shift());
  }

  async #load(job) {
    const control = new AbortController();
    this.running.set(job.key, control);
    try {
      const response = await fetch(this.address(job.id), { signal: control.signal, credentials: "same-origin" });
      if (response.ok) this.#keep(job.key, await bitmap(await response.blob(), job.level));
      else this.#refused(job, response);
    } catch (error) {
      if (error.name === "TypeError") this.#later(job, 3); // The network failed.
      else if (error.name !== "AbortError") this.missing.add(job.id); // No picture; the dot stays.
    } finally {
      if (this.running.get(job.key) === control) this.running.delete(job.key);
      if (!control.signal.aborted || this.queue.length) this.#next();
    }
  }

  #refused(job, response) {
    if (response.status !== 429 && response.status !== 503) return this.missing.add(job.id);
    return this.#later(job, Number(response.headers.get("Retry-After")) || 1);
  }

  #later(job, seconds) {
    this.pausedUntil = performance.now() + 1000 * Math.min(seconds, 30);
    this.queue.unshift(job);
  }

  #keep(key, picture) {
    this.kept.set(key, { bitmap: picture, born: performance.now() });
    this.bytes += 4 * picture.width * picture.height;
    for (const [old, { bitmap: unused }] of this.kept) {
      if (this.bytes <= BYTES || old === key) break;
      this.bytes -= 4 * unused.width * unused.height;
      this.kept.delete(old);
      unused.close();
    }
    this.ready();
  }

  close() {
    this.queue = [];
    clearTimeout(this.timer);
    for (const control of this.running.values()) control.abort();
    for (const { bitmap: unused } of this.kept.values()) unused.close();
    this.kept.clear();
    this.ready = () => {};
  }
}

function bitmap(blob, level) {
  if (level === 1) return createImageBitmap(blob);
  return createImageBitmap(blob, { resizeWidth: SIDES[0], resizeQuality: "medium" });
}
