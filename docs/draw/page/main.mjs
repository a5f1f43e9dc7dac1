// Draws the dashboard that `lib/page.mjs` put into the page; `globalThis.drawn` is its promise.

import { header, panelFrame, rowHeader } from './chrome.mjs';
import { prepared } from './fields.mjs';
import { framesOf } from './frames.mjs';
import { drawHeatmap } from './heatmap.mjs';
import { drawStat } from './stat.mjs';
import { drawTable } from './table.mjs';
import { element } from './theme.mjs';
import { drawTimeSeries } from './timeseries.mjs';

const PAGE_WIDTH = 1500;
const PADDING = 16;
const COLUMNS = 24;
const CELL_HEIGHT = 30;
const GAP = 8;

const PANELS = { timeseries: drawTimeSeries, stat: drawStat, table: drawTable, heatmap: drawHeatmap };

async function draw(drawing) {
  const notes = [];
  await document.fonts.ready;
  const grid = element('main', 'grid');
  document.body.append(header(drawing), grid);
  let bottom = 0;
  for (const placed of drawing.panels) {
    const box = boxOf(placed.grid);
    bottom = Math.max(bottom, box.top + box.height);
    try {
      await drawPanel(grid, placed, box, drawing, (text) => notes.push(`${placed.panel.title}: ${text}`));
    } catch (error) {
      // What is wrong with a panel says so in one line; a mistake in here needs its stack.
      const what = error.constructor === Error ? error.message : error.stack;
      throw `${drawing.title} / ${placed.panel.title}: ${what}`;
    }
  }
  grid.style.height = `${bottom}px`;
  return { height: Math.ceil(grid.getBoundingClientRect().top + bottom + PADDING), notes };
}

async function drawPanel(grid, placed, box, { annotations, from, to }, note) {
  const { panel, answers } = placed;
  if (panel.type === 'row') return grid.append(rowHeader(placed, box));
  const { outside, inside } = panelFrame(panel, box);
  grid.append(outside);
  const frames = await prepared(panel, framesOf(answers), note);
  if (frames.every((frame) => frame.length === 0)) {
    note('no data');
    return inside.append(element('div', 'no-data', 'No data'));
  }
  const single = panel.type === 'table' || panel.type === 'heatmap';
  if (single && frames.length > 1) throw new Error('several frames are not supported');
  const range = [from * 1000, to * 1000];
  PANELS[panel.type]({ options: panel.options, frames, inside, annotations, range, note });
}

function boxOf({ x, y, w, h }) {
  const column = (PAGE_WIDTH - 2 * PADDING - (COLUMNS - 1) * GAP) / COLUMNS;
  return {
    left: Math.round(x * (column + GAP)),
    top: y * (CELL_HEIGHT + GAP),
    width: Math.round(w * column + (w - 1) * GAP),
    height: h * CELL_HEIGHT + (h - 1) * GAP,
  };
}

globalThis.drawn = draw(globalThis.drawing);
