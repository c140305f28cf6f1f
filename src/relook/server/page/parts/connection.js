// The server is gone, and comes back: a line above everything says so.

import { api } from "../api.js";

const SOON = 1500; // Milliseconds until the first look; each wait is longer than the last,
const LATE = 10_000; // up to this.

/**
 * @param node shows the line.
 * @param onBack is called when the server answers again.
 * @returns to be called whenever a request did not reach the server.
 */
export function watchConnection(node, onBack) {
  let looking = false;

  return function lost() {
    if (looking) return;
    looking = true;
    node.hidden = false;
    node.textContent = "The server cannot be reached. This page goes on when it is back.";
    look(SOON);
  };

  function look(wait) {
    setTimeout(async () => {
      try {
        await api.get("health");
      } catch (error) {
        if (error.status === 0) return look(Math.min(1.5 * wait, LATE));
      }
      looking = false;
      node.hidden = true;
      return onBack();
    }, wait);
  }
}
