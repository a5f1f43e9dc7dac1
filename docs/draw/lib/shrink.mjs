// Makes a picture small with a palette: a dashboard has few colours.

import { spawn } from 'node:child_process';

const MOST_BYTES = 250_000;

/** The PNG with as many colours as fit into 250 kB. */
export async function shrink(png) {
  let small = png;
  for (const colours of [256, 192, 128, 96, 64, 48, 32]) {
    small = await pngquant(png, colours);
    if (small.length < MOST_BYTES) break;
  }
  return small;
}

function pngquant(png, colours) {
  return new Promise((resolve, reject) => {
    // Undithered: an area of one colour stays one, which is smaller and calmer.
    const flags = [String(colours), '--nofs', '--strip', '-'];
    const child = spawn('pngquant', flags, { stdio: ['pipe', 'pipe', 'inherit'] });
    const chunks = [];
    child.on('error', (error) => reject(new Error(`pngquant cannot be started: ${error.message}`)));
    // One that ends early says so by its code.
    child.stdin.on('error', () => {});
    child.stdout.on('data', (it) => chunks.push(it));
    child.on('close', (code) =>
      code === 0 ? resolve(Buffer.concat(chunks)) : reject(new Error(`pngquant ended with ${code}`)),
    );
    child.stdin.end(png);
  });
}
