// The table of routes (or of gRPC methods, of operations): what each did in the window.

const DOUBTFUL = 0.05;

function routeColumns(signal) {
  const labels = signal.rowTitles;
  const count = (title, says, figure, field, format) => ({
    title, says, figure, numeric: true, cell: ({ figures }) => ({ text: format(figures[field]), value: figures[field] }),
  });
  const percentile = (title, field) => ({
    title, says: `${title} of the calls in the window`, figure: field, numeric: true,
    cell: ({ figures, thresholds }) => {
      const found = figures[field];
      const threshold = thresholds[field];
      const over = found !== null && threshold !== null && (found.value > threshold || found.beyond);
      return { text: formatQuantile(found), value: found?.value ?? null, over: over && `over ${formatBound(threshold)}` };
    },
  });
  return [
    ...labels.map((title, i) => {
      const last = i === labels.length - 1;
      const cell = ({ labels: values }) => ({ text: values[i], value: values[i] });
      return { title, name: last, wide: true, width: last ? [12, 4] : [5, labels.length > 2 ? 2 : 1], cell };
    }),
    count('calls', 'Calls that ended in the window', 'calls', 'calls', formatCount),
    count('per s', 'Calls that ended, per second', 'rate', 'rate', formatRate),
    count('errors', 'Calls that ended badly', 'errors', 'errors', formatCount),
    {
      title: 'errors %', says: 'Share of calls that ended badly', figure: 'error-ratio', numeric: true,
      cell: ({ figures, over }) => ({ text: formatRatio(figures.errorRatio), value: figures.errorRatio, over }),
    },
    percentile('P50', 'p50'),
    percentile('P95', 'p95'),
    percentile('P99', 'p99'),
    count('in flight', 'Calls begun and not ended, now', 'in-flight', 'inFlight', formatCount),
    ...(signal.told.oldest_start
      ? [{
          title: 'oldest', says: 'How long the oldest call in flight has been running', figure: 'oldest', numeric: true,
          cell: ({ figures: { oldest }, old }) => ({ text: formatSeconds(oldest), value: oldest, over: oldest > old && `over ${spell(old)}` }),
        }]
      : []),
  ];
}

/** The rows of a signal with their figures, worked out in slices. */
async function routeItems(signal, plan, view, latest, serverTime) {
  const items = [];
  const old = oldAfter(plan, signal);
  for (const [key, row] of signal.rows) {
    const figures = figuresOf(row, view, latest, serverTime);
    const allowed = allowedBy(plan.judging(signal, row, 'availability')) ?? DOUBTFUL;
    const over = figures.errorRatio !== null && figures.errorRatio > allowed && `over ${formatExact(allowed)}`;
    const timed = plan.judging(signal, row, 'latency');
    const thresholds = {};
    for (const [field, q] of Object.entries(QUANTILES)) thresholds[field] = thresholdOf(timed, q);
    items.push({ key, name: row.name, labels: row.labels, figures, over, thresholds, old, busy: figures.inFlight ?? 0 });
    if ((items.length & 7) === 0 && sliceIsOver()) await nextSlice();
  }
  return items;
}
