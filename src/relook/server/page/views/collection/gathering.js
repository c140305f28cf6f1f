// Files of a drop, a picker or a folder; and batches of them that a server takes.

const PICTURES = /\.(jpe?g|jfif|png|webp|gif|bmp|tiff?|hei[cf]|avif|jp2|j2k|jxl|ppm|pgm|pbm)$/i;
const BATCH_FILES = 40; // Small enough that the first are searchable soon.
const BATCH_BYTES = 48 * 2 ** 20; // Small enough to arrive within the server's time on slow lines.

/** All files of a drop, those in folders too. They have to be taken before anything is awaited. */
export async function dropped(transfer) {
  const taken = [...transfer.items].map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
  const files = taken.map(({ entry, file }) => (entry?.isDirectory ? walk(entry) : file ? [file] : []));
  return (await Promise.all(files)).flat();
}

async function walk(entry) {
  if (entry.isFile) {
    return new Promise((resolve) => entry.file((file) => resolve([file]), () => resolve([])));
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) break; // A reader gives a hundred at a time.
    found.push(...some);
  }
  return (await Promise.all(found.map(walk))).flat();
}

/** Parts files into {pictures, refused: [{name, reason}], others}: `others` counts what is no picture. */
export function sorted(files, limits) {
  const visible = files.filter((file) => !file.name.startsWith("."));
  const pictures = visible.filter((file) => file.type.startsWith("image/") || PICTURES.test(file.name));
  const fits = (file) => file.size <= limits.bytes;
  const refused = pictures
    .filter((file) => !fits(file))
    .map((file) => ({ name: file.name, reason: `larger than the ${megabytes(limits.bytes)} that this server takes` }));
  return { pictures: pictures.filter(fits), refused, others: visible.length - pictures.length };
}

/** Batches within the limits of the server, in order. */
export function batches(files, limits) {
  const most = Math.min(limits.files, BATCH_FILES);
  const heaviest = Math.min(limits.request_bytes ?? BATCH_BYTES, BATCH_BYTES);
  const all = [];
  let bytes = 0;
  for (const file of files) {
    const last = all.at(-1);
    if (!last || last.length >= most || bytes + file.size > heaviest) {
      all.push([file]);
      bytes = file.size;
    } else {
      last.push(file);
      bytes += file.size;
    }
  }
  return all;
}

export function megabytes(bytes) {
  if (bytes < 2 ** 20) return `${Math.max(1, Math.round(bytes / 1024))} kB`;
  return `${(bytes / 2 ** 20).toLocaleString("en", { maximumFractionDigits: 1 })} MB`;
}
