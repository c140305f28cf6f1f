// 3x3 transforms of the plane: they carry points of the query onto the result.

/** Where a transform (rows of 3) carries a point. */
export function carried(transform, [x, y]) {
  const [a, b, c] = transform.map((row) => row[0] * x + row[1] * y + row[2]);
  return [a / c, b / c];
}

/**
 * A CSS matrix3d that lays the query, drawn `from.drawn` pixels wide on the screen, over the
 * result; both are [width, height] in original pixels.
 */
export function matrix3d(transform, { query, result, drawnQuery, drawnResult }) {
  const into = drawnResult / result[0];
  const back = query[0] / drawnQuery;
  const [[a, b, c], [d, e, f], [g, h, i]] = transform;
  const rows = [
    [a * back * into, b * back * into, c * into],
    [d * back * into, e * back * into, f * into],
    [g * back, h * back, i],
  ];
  const [p, q, r] = rows;
  return `matrix3d(${[p[0], q[0], 0, r[0], p[1], q[1], 0, r[1], 0, 0, 1, 0, p[2], q[2], 0, r[2]].join(",")})`;
}

/** Does it keep the whole query in front of the camera, and of a sane size? */
export function sane(transform, [width, height]) {
  if (!transform) return false;
  const corners = [[0, 0], [width, 0], [width, height], [0, height]];
  const depths = corners.map(([x, y]) => transform[2][0] * x + transform[2][1] * y + transform[2][2]);
  if (!depths.every((depth) => depth > 0.02 * Math.max(...depths)) && !depths.every((depth) => depth < 0)) return false;
  return corners.every((corner) => carried(transform, corner).every((value) => Math.abs(value) < 1e5));
}

/** How much larger the result shows the query's middle, and by how many degrees it is turned (clockwise). */
export function change(transform, [width, height]) {
  const middle = [width / 2, height / 2];
  const [x, y] = carried(transform, middle);
  const [right, down] = [carried(transform, [middle[0] + 1, middle[1]]), carried(transform, [middle[0], middle[1] + 1])];
  const [a, b, c, d] = [right[0] - x, down[0] - x, right[1] - y, down[1] - y];
  return { scale: Math.sqrt(Math.abs(a * d - b * c)), turn: (Math.atan2(c - b, a + d) * 180) / Math.PI };
}

/** `count` of `total` places, evenly spread. */
export function spread(total, count) {
  if (total <= count) return Array.from({ length: total }, (_, place) => place);
  return Array.from({ length: count }, (_, place) => Math.floor(((place + 0.5) * total) / count));
}
