// Names and labels of single pictures, asked for once, a few at a time.

const PARALLEL = 4;
const KEPT = 600;

export class Facts {
  constructor(api) {
    this.api = api;
    this.kept = new Map();
    this.waiting = [];
    this.running = 0;
  }

  /** A picture that is known already, or null. */
  known(id) {
    return this.kept.get(id)?.picture || null;
  }

  /** A picture; rejects with AbortError where it is not wanted any more. */
  get(id, signal) {
    const kept = this.kept.get(id);
    if (kept) return kept.promise;
    return new Promise((resolve, reject) => {
      this.waiting.push({ id, signal, resolve, reject });
      this.#next();
    });
  }

  #next() {
    while (this.running < PARALLEL && this.waiting.length) {
      const job = this.waiting.shift();
      if (job.signal?.aborted) job.reject(new DOMException("stopped", "AbortError"));
      else this.#ask(job);
    }
  }

  async #ask({ id, signal, resolve, reject }) {
    this.running += 1;
    try {
      const picture = await this.api.get(`images/${id}`, {}, { signal });
      this.put(picture);
      resolve(picture);
    } catch (error) {
      reject(error);
    } finally {
      this.running -= 1;
      this.#next();
    }
  }

  put(picture) {
    this.kept.set(picture.id, { picture, promise: Promise.resolve(picture) });
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
  }

  /** Labels changed: ask again when next wanted. */
  forget() {
    this.kept.clear();
  }
}
