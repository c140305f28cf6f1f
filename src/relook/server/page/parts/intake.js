// How a picture comes in: dropped anywhere on the window, pasted, picked, or photographed.

import { el, icon } from "./dom.js";

/**
 * Listen on the whole window until stopped.
 *
 * @param onPictures gets an array of files. With `many` it is all of them, else the first.
 * @param text what dropping does, shown while something is dragged over the window.
 * @returns {{pick(), photograph(), stop()}}
 */
export function intake(onPictures, { many = false, text = "Drop it to search" } = {}) {
  const veil = el("div", { class: "veil", hidden: true }, icon("upload"), el("p", {}, text));
  const input = file({ multiple: many, accept: "image/*,.heic,.heif" });
  const camera = file({ accept: "image/*", capture: "environment" });
  document.body.append(veil, input, camera);
  let depth = 0;
  let own = false; // A picture of this page is dragged: that is no way in.
  const give = (files) => {
    const pictures = [...files].filter(likely);
    if (pictures.length) onPictures(many ? pictures : pictures.slice(0, 1));
  };
  const shown = (on) => (veil.hidden = !on);
  const listeners = {
    dragstart: () => (own = true),
    dragend: () => (own = false),
    dragenter(event) {
      if (own || !carriesFiles(event)) return;
      event.preventDefault();
      depth += 1;
      shown(true);
    },
    dragover(event) {
      if (own || !carriesFiles(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    },
    dragleave(event) {
      if (own || !carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (!depth) shown(false);
    },
    drop(event) {
      if (own || !carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      shown(false);
      give(event.dataTransfer.files);
    },
    paste(event) {
      if (event.clipboardData?.files.length) {
        event.preventDefault();
        give(event.clipboardData.files);
      }
    },
  };
  for (const [name, listener] of Object.entries(listeners)) addEventListener(name, listener);

  function file(attributes) {
    const onchange = () => {
      give(node.files);
      node.value = "";
    };
    const node = el("input", { type: "file", hidden: true, tabindex: "-1", ...attributes, onchange });
    return node;
  }

  return {
    pick: () => input.click(),
    photograph: () => camera.click(),
    stop() {
      for (const [name, listener] of Object.entries(listeners)) removeEventListener(name, listener);
      veil.remove();
      input.remove();
      camera.remove();
    },
  };
}

function carriesFiles(event) {
  return [...(event.dataTransfer?.types || [])].includes("Files");
}

/** Unknown types go to the server, which looks at the bytes. */
function likely(file) {
  return !file.type || file.type.startsWith("image/") || file.type === "application/octet-stream";
}

/** Is this a device with a camera at hand? */
export function handheld() {
  return matchMedia("(pointer: coarse)").matches;
}
