// Level of detail: how large dots and thumbnails are at a zoom, and which thumbnails are shown.

const NEAREST = 240; // Side of a thumbnail when one is all the way in, in CSS pixels.

/** Sizes for a zoom of 1 (all is seen) and more, in CSS pixels. */
export function sizes(camera, count) {
  const zoom = Math.max(camera.zoom, 0.5);
  const narrow = camera.width < 600;
  const most = narrow ? 168 : NEAREST;
  const roomy = Math.min(2, Math.max(1, (500 / Math.max(count, 1)) ** 0.3)); // A few may be larger.
  const side = Math.min(most, (narrow ? 38 : 46) * roomy * zoom ** 0.32);
  const come = Math.min(1, Math.max(0, Math.log2(zoom) / 2.3));
  // Far out there is ground between thumbnails, so that one sees the dots; near in they fill it.
  const pitch = side * (1.5 - 0.42 * come) + 6;
  const small = Math.min(4.2, Math.max(1.5, 4.2 * (1000 / Math.max(count, 1)) ** 0.25));
  const tight = Math.min(1.1, Math.max(0.6, camera.home.scale / 800)); // A phone shows less ground.
  const dot = Math.min(7, small * tight * zoom ** 0.22);
  return { side, pitch, dot, captions: side > (narrow ? 96 : 112) };
}

/** The largest scale: all thumbnails have their room. */
export function nearest(camera, points) {
  const pitch = NEAREST * 1.08 + 6;
  return Math.max((1.1 * pitch) / points.least, 4 * camera.home.scale);
}

/** How far a thumbnail has come: 0 no room, 1 all there. */
export function presence(room, camera, pitch) {
  const spare = (room * camera.scale) / pitch - 1;
  if (spare <= 0) return 0;
  const share = Math.min(1, spare / 0.25);
  return 0.4 + 0.6 * share * (2 - share);
}

/** The pictures with room for a thumbnail, those with the most room first. */
export function showing(points, room, camera, size) {
  if (!room) return [];
  const all = [];
  const least = size.pitch / camera.scale;
  for (const i of points.within(camera.box(size.side))) {
    if (room[i] > least) all.push(i);
  }
  return all.sort((a, b) => room[b] - room[a]);
}
