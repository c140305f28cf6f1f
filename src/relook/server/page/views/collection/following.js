// Follow a job to its end, also where the stream of its events breaks off.

import { api } from "../../api.js";

const CHECK = 8000; // Milliseconds between two looks at the job itself.
const OVER = ["done", "failed", "cancelled"];

export const isOver = (job) => OVER.includes(job.state);

/** `onJob(job, ended)` gets every state; the answer stops it. */
export function follow(first, onJob) {
  let last = first;
  let ended = false;
  const take = (job, over) => {
    if (ended) return;
    last = job;
    if (over) stop();
    onJob(job, over);
  };
  const stopEvents = api.events(first.id, take);
  const timer = setInterval(async () => {
    try {
      const job = await api.get(`jobs/${first.id}`);
      if (isOver(job)) take(job, true);
    } catch (error) {
      const lost = "The server was started again meanwhile. What it had received is kept, and indexed.";
      if (error.status === 404) take({ ...last, state: "failed", error: lost }, true);
    }
  }, CHECK);

  function stop() {
    ended = true;
    stopEvents();
    clearInterval(timer);
  }

  return stop;
}
