// How calls ended: by outcome and status, so that panics, failures and cancelled calls are told apart.

function endingColumns({ told }) {
  const text = (label, field) => ({
    title: label.replace(/^grpc_/, ''), wide: true, width: [7, 1],
    cell: (item) => ({ text: item[field] || NONE, value: item[field] }),
  });
  const number = (title, says, figure, field, format) => ({
    title, says, figure, numeric: true, cell: (item) => ({ text: format(item[field]), value: item[field] }),
  });
  const labels = [[told.outcome, 'outcome'], [told.status, 'status']].filter(([label]) => label).map(([label, field]) => text(label, field));
  if (labels.length > 0) labels[0].name = true;
  return [
    ...labels,
    number('calls', 'Calls that ended so', 'ended', 'count', formatCount),
    number('per s', 'Calls that ended so, per second', 'ended-rate', 'rate', formatRate),
    number('share', 'Share of all calls that ended', 'ended-ratio', 'share', formatRatio),
  ];
}

function endingItems(signal, view) {
  const items = [...signal.endings].map(([key, { outcome, status, ids }]) => ({
    key, name: [outcome, status].filter(Boolean).join(' '), outcome, status, count: delta(ids, view),
  }));
  const all = items.reduce((sum, { count }) => sum + count, 0);
  return items
    .filter(({ count }) => count > 0)
    .map((item) => ({ ...item, rate: perSecond(item.count, view.seconds), share: ratio(item.count, all) }));
}

/** Draws how the calls of a signal ended in the window, or since the start if none did in it. */
async function drawEndings(table, signal, view, sinceStart) {
  const columns = endingColumns(signal);
  const [first] = columns;
  byId('endings').hidden = Boolean(first.numeric);
  if (first.numeric) return;
  table.setColumns(columns, columns.findIndex(({ numeric }) => numeric));
  const lately = endingItems(signal, view);
  const items = lately.length > 0 ? lately : endingItems(signal, sinceStart);
  setText(byId('endings-cover'), lately.length > 0 || items.length === 0 ? view.words : `since start; none ${view.words}`);
  byId('ending-table').parentElement.hidden = items.length === 0;
  byId('no-endings').hidden = items.length > 0;
  await table.draw(items, 'ways');
}
