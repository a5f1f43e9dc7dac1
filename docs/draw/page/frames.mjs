// Prometheus's answers as Grafana's data frames, by the rules of its Prometheus data source.

import { FieldType } from '@grafana/data';

/** The frames of one panel's answers, in the order of its queries. */
export function framesOf(answers) {
  return answers.flatMap((answer) => {
    if (answer.format === 'table') return tableFrame(answer, answers.length > 1 ? `Value #${answer.refId}` : 'Value');
    if (answer.format === 'heatmap') return heatmapFrame(answer);
    return answer.result.map((series) => seriesFrame(answer, series));
  });
}

// Prometheus writes a number as text: NaN and both infinities are values too.
const number = (text) => Number(text.replace('Inf', 'Infinity'));

const field = (name, type, values, more = {}) => ({ name, type, values, config: {}, ...more });
const frame = (refId, fields) => ({ refId, fields, length: fields[0].values.length });

/** A value for each step: a step without a sample is a gap. */
function onGrid({ start, end, step }, samples) {
  const times = [];
  const values = [];
  const found = new Map(samples.map(([time, value]) => [Math.round((time - start) / step), number(value)]));
  for (let n = 0; start + n * step <= end + step / 1000; n++) {
    times.push((start + n * step) * 1000);
    values.push(found.get(n) ?? null);
  }
  return { times, values };
}

function seriesFrame(answer, { metric: labels, name, value, values: samples }) {
  // An instant has one value, a range several.
  const { times, values } =
    value === undefined ? onGrid(answer, samples) : { times: [value[0] * 1000], values: [number(value[1])] };
  const numeric = field('Value', FieldType.number, values, { labels, config: { displayNameFromDS: name } });
  return frame(answer.refId, [field('Time', FieldType.time, times), numeric]);
}

function tableFrame({ refId, result }, valueName) {
  const labels = [...new Set(result.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const column = (name, type, of) => field(name, type, result.map(of));
  return frame(refId, [
    column('Time', FieldType.time, ({ value }) => value[0] * 1000),
    ...labels.map((label) => column(label, FieldType.string, ({ metric }) => metric[label] ?? '')),
    column(valueName, FieldType.number, ({ value }) => number(value[1])),
  ]);
}

// Prometheus's buckets are cumulative: a cell is what a bucket has over the one below it.
function heatmapFrame(answer) {
  const rows = answer.result
    .map(({ metric, values }) => ({ label: metric.le, ...onGrid(answer, values) }))
    .sort((a, b) => number(a.label) - number(b.label));
  const own = rows.map(({ values }, row) =>
    values.map((it, n) => (it === null ? null : Math.max(0, it - (rows[row - 1]?.values[n] ?? 0)))),
  );
  return frame(answer.refId, [
    field('Time', FieldType.time, rows[0]?.times ?? []),
    ...rows.map(({ label }, row) => field(label, FieldType.number, own[row])),
  ]);
}
