// The camera: frames of it as JPEG, one at a time, while somebody looks.

const LONGEST = 800; // Pixels of a frame that is sent.
const QUALITY = 0.85;
const PACE = 700; // Milliseconds between two frames at least.

/** Why there is no camera, in a sentence that says what to do instead; "" if there may be one. */
export function unavailable() {
  if (navigator.mediaDevices?.getUserMedia) return "";
  if (!globalThis.isSecureContext) {
    return "Browsers give the camera only to pages on this computer or over https. Choose a picture instead.";
  }
  return "This browser has no camera to give. Choose a picture instead.";
}

/** What a failure of getUserMedia means for the person. */
export function refused(error) {
  if (error?.name === "NotAllowedError" || error?.name === "SecurityError") {
    return "The camera is not allowed for this page. Allow it in the browser's address bar, or choose a picture instead.";
  }
  if (error?.name === "NotFoundError" || error?.name === "OverconstrainedError") {
    return "No camera was found. Choose a picture instead.";
  }
  if (error?.name === "NotReadableError") {
    return "Another program is using the camera. Close it there, or choose a picture instead.";
  }
  return "The camera could not be started. Choose a picture instead.";
}

export async function open(facing = "environment") {
  const wanted = { facingMode: { ideal: facing }, width: { ideal: 1280 }, height: { ideal: 960 } };
  return navigator.mediaDevices.getUserMedia({ audio: false, video: wanted });
}

export function close(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Is there more than one camera to choose from? Known only once one is open. */
export async function several() {
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((device) => device.kind === "videoinput").length > 1;
  } catch {
    return false;
  }
}

/** What the video shows now, as a JPEG of at most 800 pixels; null while it shows nothing. */
export function frame(video) {
  const { videoWidth: width, videoHeight: height } = video;
  if (!width || !height) return Promise.resolve(null);
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

/**
 * Send frames until stopped: the next goes out when the last was answered, not sooner than 0.7 s
 * after it, and only while the page is visible. `ask(blob, signal)` sends one; it answers with the
 * seconds to wait before the next, or nothing.
 */
export function follow(video, ask) {
  const stopped = new AbortController();
  const { signal } = stopped;
  run();
  return () => stopped.abort();

  async function run() {
    while (!signal.aborted) {
      const start = performance.now();
      let wait = 0;
      if (document.visibilityState === "visible") {
        const blob = await frame(video);
        if (blob && !signal.aborted) wait = (await ask(blob, signal)) || 0;
      }
      await sleep(Math.max(PACE - (performance.now() - start), 1000 * wait, 50), signal);
    }
  }
}

function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
