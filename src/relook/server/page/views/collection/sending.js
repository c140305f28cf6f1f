// One batch of pictures on its way to the server, with progress: fetch tells nothing of uploads.

import { ApiError, asSentence } from "../../api.js";

/**
 * Send files; the answer is the job that indexes them.
 *
 * @param onSent gets the bytes sent so far.
 * @param signal stops it; the promise fails with AbortError then.
 */
export function send(files, labels, { onSent, signal }) {
  const body = new FormData();
  for (const file of files) body.append("images", file, file.name);
  for (const label of labels) body.append("labels", label);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    const end = (settle, value) => {
      signal.removeEventListener("abort", stop);
      settle(value);
    };
    request.open("POST", new URL("api/v1/images", document.baseURI).href);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => onSent(event.loaded));
    request.addEventListener("load", () => {
      if (request.status === 202) end(resolve, request.response);
      else end(reject, failure(request));
    });
    request.addEventListener("error", () => end(reject, new ApiError(0, "The server cannot be reached. Is it still running?")));
    request.addEventListener("abort", () => end(reject, new DOMException("stopped", "AbortError")));
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) end(reject, new DOMException("stopped", "AbortError"));
    else request.send(body);
  });
}

function failure(request) {
  const detail = request.response?.detail;
  const seconds = Number(request.getResponseHeader("Retry-After"));
  const text = typeof detail === "string" ? asSentence(detail) : `The server answered with status ${request.status}.`;
  return new ApiError(request.status, text, seconds > 0 ? seconds : null);
}
