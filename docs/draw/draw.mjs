// Draws Grafana dashboards as pictures, from a Prometheus's answers to their queries: see README.md.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { Chromium } from './lib/chromium.mjs';
import { layOut } from './lib/layout.mjs';
import { bundle, html } from './lib/page.mjs';
import { Prometheus } from './lib/prometheus.mjs';
import { Questions, seconds } from './lib/queries.mjs';
import { shrink } from './lib/shrink.mjs';
import { check } from './lib/supported.mjs';
import { resolveVariables } from './lib/variables.mjs';

const OPTIONS = {
  dashboards: { type: 'string' },
  prometheus: { type: 'string', default: 'http://127.0.0.1:9090' },
  from: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
  var: { type: 'string', multiple: true, default: [] },
  'open-rows': { type: 'boolean', default: false },
};

async function main() {
  const { values: args } = parseArgs({ options: OPTIONS });
  for (const name of ['dashboards', 'from', 'to', 'out']) {
    if (args[name] === undefined) throw new Error(`--${name} is missing; README.md shows a whole command`);
  }
  const [from, to] = [Number(args.from), Number(args.to)];
  if (!(from < to)) throw new Error('--from and --to are seconds since 1970, and --from is the smaller');
  const files = (await readdir(args.dashboards)).filter((it) => it.endsWith('.json')).sort();
  if (files.length === 0) throw new Error(`no *.json in ${args.dashboards}`);
  const dashboards = [];
  for (const file of files) dashboards.push(JSON.parse(await readFile(join(args.dashboards, file), 'utf8')));
  dashboards.forEach(check);

  const prometheus = new Prometheus(args.prometheus);
  const scrape = seconds(await prometheus.scrapeInterval());
  const refused = [];
  const context = { prometheus, from, to, scrape, refused, chosen: choices(args.var), openRows: args['open-rows'] };
  const drawings = [];
  for (const dashboard of dashboards) drawings.push(await answered(dashboard, context));
  // A dashboard with a query that Prometheus refuses would be a picture of a mistake: nothing is drawn at all.
  for (const it of refused) console.error(it);
  if (refused.length > 0) throw new Error(`${refused.length} refused; nothing was drawn`);
  await draw(drawings, args.out);
}

/** What the page needs of a dashboard: its panels with their answers, and what stands above them. */
async function answered({ uid, title, tags, links, refresh, templating, annotations, panels }, context) {
  const { from, to, openRows } = context;
  const variables = resolveVariables(templating.list, context);
  const questions = new Questions({ ...context, title, variables });
  const placed = [];
  for (const { panel, grid, closed } of layOut(panels, openRows)) {
    const { targets, panels: inside, ...model } = panel;
    const answers = targets === undefined ? [] : await questions.panel(panel, grid);
    placed.push({ panel: model, grid, closed, count: inside?.length ?? 0, answers });
  }
  const toggles = annotations.list.map(({ name, enable, iconColor }) => ({ name, enable, iconColor }));
  const regions = await questions.annotations(annotations.list);
  return { uid, title, tags, links, refresh, variables, toggles, annotations: regions, from, to, panels: placed };
}

async function draw(drawings, out) {
  const parts = await bundle();
  await mkdir(out, { recursive: true });
  const room = await mkdtemp(join(tmpdir(), 'draw-'));
  const browser = await Chromium.launch();
  try {
    for (const drawing of drawings) {
      const [page, file] = [join(room, 'page.html'), join(out, `${drawing.uid}.png`)];
      await writeFile(page, html(parts, drawing));
      const { png, notes } = await browser.picture(pathToFileURL(page).href);
      const small = await shrink(png);
      await writeFile(file, small);
      for (const note of notes) console.warn(`${drawing.title} / ${note}`);
      console.log(`${file}  ${Math.round(small.length / 1000)} kB`);
    }
  } finally {
    await browser.close();
    await rm(room, { recursive: true, force: true });
  }
}

function choices(pairs) {
  const chosen = {};
  for (const pair of pairs) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined) throw new Error(`--var wants name=value, not ${pair}`);
    (chosen[name] ??= []).push(value);
  }
  return chosen;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
