// The catalogue: every metric of the page and of the crate, with what it means.

function catalogueColumns() {
  const text = (title, field, more = {}) => ({ title, ...more, cell: (item) => ({ text: item[field], value: item[field] }) });
  return [
    text('metric', 'name', { name: true, code: true, wide: true, width: [14, 4] }),
    text('kind', 'kind', { width: [6, 1] }),
    text('unit', 'unit', { width: [5, 1] }),
    text('labels', 'labels', { code: true, wide: true, width: [9, 4] }),
    {
      title: 'series', says: 'Lines of the exposition now', figure: 'series', numeric: true, width: [5, 1],
      cell: ({ series }) => ({ text: formatCount(series), value: series }),
    },
    text('what', 'help', { wide: true, width: [16, 8] }),
  ];
}

/** Every metric that the catalogue lists, then those that only the exposition has. */
function catalogueItems(catalog, families, filter) {
  const items = new Map();
  for (const { name, kind, unit, help, labels, of } of catalog?.metrics ?? []) {
    items.set(name, { kind, unit: unit ?? '', help, labels: labels.join(', '), of });
  }
  for (const { name, kind, help } of families.values()) {
    if (!items.has(name)) items.set(name, { kind, unit: '', help, labels: '', of: null });
  }
  return [...items]
    .map(([name, told]) => ({
      ...told,
      key: name,
      name,
      series: families.get(name)?.series ?? 0,
      help: told.of && told.of !== name ? `${told.help} (${told.of})` : told.help,
    }))
    .filter((item) => matchesFilter(filter, item.name, item.help, item.labels, item.kind));
}

/** Whether each word of the filter is somewhere in the texts. */
function matchesFilter(filter, ...texts) {
  const text = texts.join(' ').toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
