// The one HTML file of a dashboard: script, style and data within, so that the browser asks nobody for anything.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const own = (name) => new URL(`../page/${name}`, import.meta.url);

/** The page's script and style, made once for all dashboards. */
export async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(own('main.mjs'))],
    bundle: true,
    write: false,
    format: 'iife',
    charset: 'utf8',
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const styles = [new URL(import.meta.resolve('uplot/dist/uPlot.min.css')), own('style.css')];
  return {
    script: outputFiles[0].text.replace(/<\/script/gi, '<\\/script'),
    style: (await Promise.all(styles.map((it) => readFile(it, 'utf8')))).join('\n'),
  };
}

export function html({ script, style }, data) {
  // `<` would end the script element that holds the data if it stood in a title.
  const json = JSON.stringify(data).replace(/</g, '\\u003c');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><style>${style}</style></head><body>
<script>globalThis.drawing = ${json};</script>
<script>${script}</script>
</body></html>
`;
}
