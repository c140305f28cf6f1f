// Adding pictures: uploads and the jobs that index them. It goes on when the view is left, and what
// the server does is found again after a reload.

import { api, patiently } from "../../api.js";
import { follow, isOver } from "./following.js";
import { batches, sorted } from "./gathering.js";
import { send } from "./sending.js";

const MINE = "relook-adding"; // Jobs whose end is still to be told, in the tab's storage.

class Adding extends EventTarget {
  constructor() {
    super();
    this.following = null;
    this.clear();
  }

  clear() {
    this.waiting = []; // Batches that are still to be sent: {files, labels}.
    this.jobs = new Map();
    this.bytes = { sent: 0, total: 0 };
    this.files = { sent: 0, total: 0 };
    this.refused = []; // {name, reason}
    this.others = 0;
    this.problem = null; // Why sending stopped; what waits can be tried again.
    this.held = ""; // What the server says while it takes nothing.
    this.pace = null;
    this.stopped = null; // AbortController while something is sent.
  }

  reset() {
    this.clear();
    this.remember();
  }

  get sending() {
    return this.stopped !== null;
  }

  get open() {
    return [...this.jobs.values()].filter((job) => !isOver(job));
  }

  get busy() {
    return this.sending || this.open.length > 0;
  }

  /** Is all done, and well? */
  get over() {
    return !this.busy && !this.problem && !this.refused.length && [...this.jobs.values()].every((job) => job.state === "done");
  }

  get idle() {
    return !this.busy && !this.jobs.size && !this.refused.length && !this.others && !this.problem;
  }

  /** What all jobs together did, once they are over. */
  get report() {
    const sum = { added: 0, known: 0, images: [], quarantined: [], refused: [...this.refused], errors: [], cancelled: false };
    for (const { report, error, state } of this.jobs.values()) {
      sum.added += report?.added ?? 0;
      sum.known += report?.known ?? 0;
      for (const name of ["images", "quarantined", "refused"]) sum[name].push(...(report?.[name] ?? []));
      if (state === "failed") sum.errors.push(error || "Indexing failed.");
      if (state === "cancelled") sum.cancelled = true;
    }
    return sum;
  }

  /** Indexing: {done, total, seconds}; seconds left are null until they can be told. */
  get indexing() {
    const jobs = [...this.jobs.values()];
    const sum = (name) => jobs.reduce((all, job) => all + job[name], 0);
    const done = jobs.reduce((all, job) => all + (isOver(job) ? job.total : job.done), 0);
    const total = sum("total") + (this.sending ? this.files.total - this.files.sent : 0);
    return { done, total, seconds: this.left(done, total) };
  }

  left(done, total) {
    const now = performance.now();
    if (!this.pace || done < this.pace.done) this.pace = { done, start: now };
    const fresh = done - this.pace.done;
    if (fresh < 2 || now - this.pace.start < 1500) return null;
    return ((total - done) * (now - this.pace.start)) / fresh / 1000;
  }

  /** Take files; they are sent batch by batch. */
  add(files, labels, limits) {
    if (!this.busy && !this.problem) this.reset();
    const { pictures, refused, others } = sorted(files, limits);
    this.refused.push(...refused);
    this.others += others;
    this.files.total += pictures.length;
    this.bytes.total += pictures.reduce((all, file) => all + file.size, 0);
    this.waiting.push(...batches(pictures, limits).map((batch) => ({ files: batch, labels })));
    this.tell();
    this.run();
  }

  again() {
    this.problem = null;
    this.run();
  }

  async run() {
    if (this.sending || !this.waiting.length) return;
    this.stopped = new AbortController();
    const { signal } = this.stopped;
    while (this.waiting.length && !signal.aborted && !this.problem) await this.next(signal);
    this.stopped = null;
    this.tell();
  }

  async next(signal) {
    const batch = this.waiting[0];
    const before = this.bytes.sent;
    const weight = batch.files.reduce((all, file) => all + file.size, 0);
    const onSent = (bytes) => {
      this.bytes.sent = before + Math.min(bytes, weight);
      this.tell();
    };
    const onWait = (seconds, { detail }) => {
      this.held = detail;
      this.tell();
    };
    try {
      const job = await patiently(() => send(batch.files, batch.labels, { onSent, signal }), { signal, onWait, tries: 60 });
      this.held = "";
      this.adopt(job);
    } catch (error) {
      this.held = "";
      if (error.name === "AbortError") return;
      this.bytes.sent = before;
      if (![413, 415, 422].includes(error.status)) {
        this.problem = error;
        return;
      }
      this.refused.push(...batch.files.map(({ name }) => ({ name, reason: error.detail })));
    }
    this.waiting.shift();
    this.files.sent += batch.files.length;
    this.bytes.sent = before + weight;
    this.tell();
  }

  adopt(job) {
    this.jobs.set(job.id, job);
    this.remember();
    this.follow();
    this.tell();
  }

  /** Follow one job at a time: they run one after the other, and a browser has few connections. */
  follow() {
    const next = this.open[0];
    if (!next || this.following) return;
    this.following = follow(next, (job, ended) => {
      this.jobs.set(job.id, job);
      if (ended) {
        this.following = null;
        this.follow();
        if (job.state === "failed") this.look().catch(() => {}); // A server that was started again has other jobs.
        this.dispatchEvent(new CustomEvent("ended", { detail: job }));
      }
      this.tell();
    });
  }

  /** Find jobs of before a reload, of other windows, and of a server that was started again. */
  async look() {
    const mine = this.remembered();
    const { jobs } = await api.get("jobs");
    const fresh = jobs.filter((job) => job.kind === "add" && !this.jobs.has(job.id) && (mine.includes(job.id) || !isOver(job)));
    if (!fresh.length) return;
    if (this.over && fresh.some((job) => !isOver(job))) this.clear(); // Its report gives way.
    for (const job of fresh.reverse()) this.jobs.set(job.id, job);
    this.remember();
    this.follow();
    this.tell();
  }

  async cancel() {
    this.stopped?.abort();
    this.waiting = [];
    this.files.total = this.files.sent;
    await Promise.all(this.open.map((job) => api.send("DELETE", `jobs/${job.id}`).catch(() => {})));
    this.tell();
  }

  /** The report was read. */
  dismiss() {
    this.reset();
    this.tell();
  }

  tell() {
    this.dispatchEvent(new Event("change"));
  }

  remember() {
    try {
      sessionStorage.setItem(MINE, JSON.stringify([...this.jobs.keys()]));
    } catch {
      // Without storage, a reload forgets jobs that are over.
    }
  }

  remembered() {
    try {
      return JSON.parse(sessionStorage.getItem(MINE)) ?? [];
    } catch {
      return [];
    }
  }
}

export const adding = new Adding();

addEventListener("beforeunload", (event) => {
  if (adding.sending) event.preventDefault();
});
