// Makes resources/icons/ out of resources/icon.svg and icon-small.svg. The results are committed; run it after a drawing has changed.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

const resources = join(dirname(import.meta.dirname), 'resources');
const folder = join(resources, 'icons');
/** The drawings are 64 units wide. */
const UNITS = 64;
const sizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024];
/** Up to here the arms' curve is lost between the pixels. */
const SMALL = 24;

const large = await readFile(join(resources, 'icon.svg'), 'utf8');
const small = await readFile(join(resources, 'icon-small.svg'), 'utf8');
const mark = small.slice(small.indexOf('<g id="mark"'), small.indexOf('</svg>'));

/** Drawn at its size rather than scaled: 72 dots an inch is one unit a pixel. */
const draw = (svg, size) => sharp(Buffer.from(svg), { density: (72 * size) / UNITS }).resize(size, size);
const png = (svg, size) => draw(svg, size).png({ compressionLevel: 9, effort: 10 }).toBuffer();
const icon = (size) => (size <= SMALL ? small : large);
/** macOS draws its icons on a grid that leaves a tenth free on each side. */
const withMargin = (svg) => {
  const inner = svg
    .slice(svg.indexOf('<svg'))
    .replace('<svg ', '<svg x="6.25" y="6.25" ')
    .replace('width="64" height="64"', 'width="51.5" height="51.5"');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">${inner}</svg>`;
};

/** A tray icon in one colour. While runs are on it carries a dot, which is cut free from the arms. */
function tray(colour, active) {
  const dot = active ? `<circle cx="51" cy="51" r="13" fill="${colour}"/>` : '';
  const hole = '<mask id="m"><rect width="64" height="64" fill="#fff"/><circle cx="51" cy="51" r="18" fill="#000"/></mask>';
  const drawn = mark.replace('#fff', colour);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">${active ? `${hole}<g mask="url(#m)">${drawn}</g>` : drawn}${dot}</svg>`;
}

/** One picture of an .ico the way old readers want it: a bitmap from the bottom up, with an empty mask of one bit a pixel. */
async function bitmap(svg, size) {
  const { data } = await draw(svg, size).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const header = Buffer.alloc(40);
  header.writeUInt32LE(40, 0);
  header.writeInt32LE(size, 4);
  header.writeInt32LE(size * 2, 8); // picture and mask
  header.writeUInt16LE(1, 12);
  header.writeUInt16LE(32, 14);
  const pixels = Buffer.alloc(size * size * 4);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const from = (y * size + x) * 4;
      const to = ((size - 1 - y) * size + x) * 4;
      pixels[to] = data[from + 2];
      pixels[to + 1] = data[from + 1];
      pixels[to + 2] = data[from];
      pixels[to + 3] = data[from + 3];
    }
  const mask = Buffer.alloc(Math.ceil(size / 32) * 4 * size);
  return Buffer.concat([header, pixels, mask]);
}

/** Windows: bitmaps up to 48 px, PNG for 64 px and more. */
async function ico(wanted) {
  const images = await Promise.all(wanted.map((size) => (size <= 48 ? bitmap(icon(size), size) : png(icon(size), size))));
  const header = Buffer.alloc(6 + 16 * images.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(images.length, 4);
  let offset = header.length;
  for (const [index, image] of images.entries()) {
    const at = 6 + 16 * index;
    header[at] = header[at + 1] = wanted[index] % 256; // 256 is written as 0
    header.writeUInt16LE(1, at + 4);
    header.writeUInt16LE(32, at + 6);
    header.writeUInt32LE(image.length, at + 8);
    header.writeUInt32LE(offset, at + 12);
    offset += image.length;
  }
  return Buffer.concat([header, ...images]);
}

/** macOS: PNGs, each under the four letters of its size (Apple's icns format, macOS 10.7 and later). */
async function icns() {
  const types = { icp4: 16, icp5: 32, ic11: 32, ic12: 64, ic07: 128, ic13: 256, ic08: 256, ic14: 512, ic09: 512, ic10: 1024 };
  const blocks = [];
  for (const [type, size] of Object.entries(types)) {
    const image = await png(withMargin(icon(size)), size);
    const header = Buffer.alloc(8);
    header.write(type, 0, 'latin1');
    header.writeUInt32BE(image.length + 8, 4);
    blocks.push(header, image);
  }
  const length = blocks.reduce((sum, block) => sum + block.length, 8);
  const header = Buffer.alloc(8);
  header.write('icns', 0, 'latin1');
  header.writeUInt32BE(length, 4);
  return Buffer.concat([header, ...blocks]);
}

await rm(folder, { recursive: true, force: true });
// electron-builder takes every file in linux/ for an icon of the size in its name.
for (const sub of ['linux', 'tray']) await mkdir(join(folder, sub), { recursive: true });
for (const size of sizes) await writeFile(join(folder, 'linux', `${size}x${size}.png`), await png(icon(size), size));
await writeFile(join(folder, 'icon.ico'), await ico([16, 24, 32, 48, 64, 128, 256]));
await writeFile(join(folder, 'icon.icns'), await icns());
// Template: macOS colours it itself. onLight and onDark: for a light and for a dark panel. Electron finds the @… beside the plain name;
// Linux draws 22 to 24 px and takes the @1.5x by its name.
const trays = { trayTemplate: '#000', trayOnLight: '#1f2933', trayOnDark: '#fff' };
for (const [name, colour] of Object.entries(trays))
  for (const active of [false, true])
    for (const [suffix, size] of Object.entries({ '': 16, '@1.5x': 24, '@2x': 32, '@3x': 48 })) {
      const file = name === 'trayTemplate' && active ? 'trayActiveTemplate' : active ? name.replace('tray', 'trayActive') : name;
      await writeFile(join(folder, 'tray', `${file}${suffix}.png`), await png(tray(colour, active), size));
    }
