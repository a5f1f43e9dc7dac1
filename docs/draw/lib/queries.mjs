// Asks Prometheus each panel's queries and each annotation's, with the steps that Grafana would take.

import { substitute } from './variables.mjs';

const PIXELS_OF_COLUMN = 61;
const POINTS_OF_ANNOTATION = 100;
const UNITS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };

// Grafana's own round steps, in seconds; a wished step goes to the nearest.
const ROUND = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800,
];

/** Seconds of a duration such as `1m30s`. */
export function seconds(text) {
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (parts.length === 0) throw new Error(`not a duration: ${text}`);
  return parts.reduce((sum, [, n, unit]) => sum + Number(n) * UNITS[unit], 0);
}

/** One dashboard's questions: what Prometheus refuses goes into `refused`. */
export class Questions {
  constructor({ prometheus, from, to, scrape, title, variables, refused }) {
    Object.assign(this, { prometheus, from, to, scrape, title, variables, refused });
  }

  /** The answers to a panel's queries, in their order: each series with the name that its legend gives it. */
  async panel({ title, targets }, grid) {
    const step = roundStep(this.to - this.from, grid.w * PIXELS_OF_COLUMN, this.scrape);
    const answers = [];
    for (const { refId, expr, instant, format, legendFormat } of targets) {
      const where = `${this.title} / ${title} / ${refId}`;
      const series = await this.ask(where, expr, step, instant);
      const result = series.map((it) => ({ ...it, name: labelled(legendFormat, it.metric) }));
      answers.push({ refId, format, ...this.aligned(step), result });
    }
    return answers;
  }

  /** Regions of time in which an annotation's query had a value above 0, as Grafana joins them. */
  async annotations(models) {
    const regions = [];
    for (const model of models.filter((it) => it.enable)) {
      const step = roundStep(this.to - this.from, POINTS_OF_ANNOTATION, seconds(model.step));
      const result = await this.ask(`${this.title} / annotation ${model.name}`, model.expr, step, false);
      for (const { metric, values } of result) regions.push(...joined(values, step, model, metric));
    }
    return regions.sort((a, b) => a.from - b.from);
  }

  async ask(where, expr, step, instant) {
    try {
      const rate = Math.max(step + this.scrape, 4 * this.scrape);
      const text = (seconds) => `${Math.round(seconds * 1000)}ms`;
      const query = substitute(expr, this.variables, { rate: text(rate), interval: text(step) });
      if (instant) return await this.prometheus.queryInstant(query, this.to);
      const { start, end } = this.aligned(step);
      return await this.prometheus.queryRange(query, start, end, step);
    } catch (error) {
      this.refused.push(`${where}: ${error.message}\n    ${expr}`);
      return [];
    }
  }

  // Grafana asks for multiples of the step, so that a picture does not depend on the second in which it is made.
  aligned(step) {
    return { start: Math.floor(this.from / step) * step, end: Math.floor(this.to / step) * step, step };
  }
}

/** The step that gives about `points` points, not below `least`. */
function roundStep(range, points, least) {
  const wished = range / points;
  const nearest = ROUND.find((step, n) => wished < (step + (ROUND[n + 1] ?? Infinity)) / 2);
  return Math.max(nearest, least);
}

const labelled = (format, metric) => format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label) => metric[label] ?? '');

function joined(values, step, { titleFormat, iconColor }, metric) {
  const regions = [];
  for (const [time, value] of values) {
    if (!(Number(value) > 0)) continue;
    const last = regions.at(-1);
    if (last !== undefined && time - last.to <= step * 1.5) last.to = time;
    else regions.push({ from: time, to: time, title: labelled(titleFormat, metric), color: iconColor });
  }
  return regions;
}
