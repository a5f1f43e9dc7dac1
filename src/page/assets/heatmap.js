// The heat map: a row for each bucket of the histogram, a column for each look, darker or brighter for more calls.

function makeHeatmap() {
  return new Plot({
    id: 'chart-heat',
    series: [{ label: '', paths: () => null, points: { show: false } }],
    cursor: { y: true, points: { show: false } },
    scale: (chart) => ({ range: () => [0, Math.max(chart.heat?.bounds.length ?? 1, 1)] }),
    axis: (chart) => ({
      grid: { show: false },
      splits: (plot) => {
        const bounds = chart.heat?.bounds ?? [];
        const every = Math.ceil((rem() * 1.15 * bounds.length) / Math.max(plot.bbox.height / devicePixelRatio, 1)) || 1;
        return bounds.slice(0, -1).map((_, i) => i + 1).filter((i) => (bounds.length - 1 - i) % every === 0);
      },
      values: (_plot, splits) => splits.map((i) => formatBound(chart.heat.bounds[i - 1])),
    }),
    under: drawCells,
    legend: (i, plot, chart) => [heatWords(i, plot, chart.heat)],
  });
}

function drawCells(plot, { heat }) {
  if (!heat) return;
  const { ctx, bbox } = plot;
  const { at, from, cells, most } = heat;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const paths = palette.heat.map(() => new Path2D());
  const rows = heat.bounds.length;
  const edges = Array.from({ length: rows + 1 }, (_, i) => Math.round(plot.valToPos(i, 'y', true)));
  const gap = edges.length > 1 && edges[0] - edges[1] > 6 * devicePixelRatio ? Math.round(devicePixelRatio) : 0;
  for (let i = 0; i < at.length; i++) {
    if (cells[i].length === 0) continue;
    const left = Math.round(plot.valToPos(from[i], 'x', true));
    const right = Math.round(plot.valToPos(at[i], 'x', true));
    if (right < bbox.left) continue;
    const between = right - left > 5 * devicePixelRatio ? gap : 0;
    for (let row = 0; row < rows; row++) {
      const count = cells[i][row];
      if (!(count > 0)) continue;
      const level = Math.min(HEAT_LEVELS - 1, Math.floor(Math.sqrt(count / most) * HEAT_LEVELS));
      paths[level].rect(left, edges[row + 1], Math.max(right - left - between, 1), edges[row] - edges[row + 1] - gap);
    }
  }
  paths.forEach((path, level) => {
    ctx.fillStyle = palette.heat[level];
    ctx.fill(path);
  });
  ctx.restore();
}

function bucketWords(bounds, row) {
  const low = row > 0 ? formatBound(bounds[row - 1]) : '0';
  return row === bounds.length - 1 ? `over ${low}` : `${low} to ${formatBound(bounds[row])}`;
}

function heatWords(i, plot, heat) {
  if (!heat) return '';
  const row = Math.floor(plot.posToVal(plot.cursor.top ?? -1, 'y'));
  if (plot.cursor.idx == null || !(plot.cursor.top >= 0) || !(row in heat.bounds)) return '';
  return `${bucketWords(heat.bounds, row)}: ${formatRate(heat.cells[i]?.[row] ?? null)}/s`;
}

function drawHeatmap(chart, data, promised, [from, now], over) {
  const { at, bounds, cells } = data;
  let most = 0;
  for (const column of cells) for (const count of column) if (count > most) most = count;
  chart.heat = { at, from: data.from, cells, bounds, most };
  // A line lies on the upper edge of the row whose bound it is; between bounds it would lie.
  chart.marks.lines = promised.flatMap(({ value, label }) => {
    const row = bounds.indexOf(value);
    return row < 0 ? [] : [{ value: row + 1, label }];
  });
  const newest = cells.at(-1) ?? [];
  const busiest = newest.reduce((best, count, row) => (count > (newest[best] ?? 0) ? row : best), -1);
  const words = busiest < 0 ? 'no calls' : `most calls in the bucket ${bucketWords(bounds, busiest)}`;
  setText(byId('heat-most'), most > 0 ? `${formatRate(most)}/s` : NONE);
  chart.draw([at, at.map(() => null)], from, now, over('Latency by bucket', words));
}
