// Rectangles [x, y, width, height] within a picture of [width, height] pixels.

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Shifted, as far as the picture goes. */
export function moved([x, y, width, height], [dx, dy], size) {
  return [clamp(x + dx, 0, size[0] - width), clamp(y + dy, 0, size[1] - height), width, height];
}

/** A side or a corner ("n", "se", …) pulled; it may be pulled past the other side. */
export function stretched([x, y, width, height], handle, [dx, dy], size) {
  let [left, top, right, bottom] = [x, y, x + width, y + height];
  if (handle.includes("w")) left = clamp(left + dx, 0, size[0]);
  if (handle.includes("e")) right = clamp(right + dx, 0, size[0]);
  if (handle.includes("n")) top = clamp(top + dy, 0, size[1]);
  if (handle.includes("s")) bottom = clamp(bottom + dy, 0, size[1]);
  return [left, top, right - left, bottom - top];
}

/** The same rectangle with an extent that is not negative. */
export function tidy([x, y, width, height]) {
  return [Math.min(x, x + width), Math.min(y, y + height), Math.abs(width), Math.abs(height)];
}

/** Whole pixels within the picture, at least one each way. */
export function rounded([x, y, width, height], size) {
  const left = clamp(Math.round(x), 0, size[0] - 1);
  const top = clamp(Math.round(y), 0, size[1] - 1);
  return [
    left,
    top,
    clamp(Math.round(width), 1, size[0] - left),
    clamp(Math.round(height), 1, size[1] - top),
  ];
}
