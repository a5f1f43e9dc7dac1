// What of Grafana's model can be drawn: anything else ends the program, or a picture would differ from Grafana unseen.

// A rule is ANY, the value or the values that may stand there, an expression for a text, the rules of an object's keys,
// or a function that finds the rule. That of a list is for each of its items.
const ANY = Symbol('any');
/** Text in which Grafana would put no variable. */
const PLAIN = /^[^$]*$/;
/** PromQL with variables as `$name`, and not as `${name:format}`. */
const PROMQL = /^(?!.*\$\{[A-Za-z_])/s;

const any = (...keys) => Object.fromEntries(keys.map((it) => [it, ANY]));

const EVERY = { ...any('id', 'type', 'gridPos'), title: PLAIN };

const THRESHOLDS = { mode: 'absolute', steps: ANY };

const queried = ({ format, instant = false, defaults, overrides = {}, options, ...more }) => ({
  description: PLAIN,
  datasource: ANY,
  targets: {
    ...any('datasource', 'editorMode', 'refId'),
    expr: PROMQL,
    format,
    instant,
    legendFormat: PLAIN,
    range: !instant,
  },
  fieldConfig: {
    defaults: { ...any('decimals', 'max', 'min', 'unit'), thresholds: THRESHOLDS, custom: {}, ...defaults },
    overrides: {
      matcher: { id: ['byName', 'byRegexp'], options: ANY },
      properties: ({ id }) => ({ id: Object.keys(overrides), value: overrides[id] }),
    },
  },
  options: { tooltip: ANY, ...options },
  ...more,
});

const PANELS = {
  row: { collapsed: ANY, panels: ANY },
  timeseries: queried({
    format: 'time_series',
    defaults: {
      color: { mode: 'palette-classic' },
      custom: {
        ...any('fillOpacity', 'lineWidth'),
        drawStyle: 'line',
        showPoints: ['never', 'auto'],
        spanNulls: false,
        stacking: { group: ANY, mode: ['none', 'normal'] },
        thresholdsStyle: { mode: ['off', 'line'] },
      },
    },
    // None of them changes the scale: all lines of a panel have one.
    overrides: {
      color: { mode: 'fixed', fixedColor: ANY },
      'custom.lineStyle': { fill: 'dash', dash: ANY },
      'custom.fillBelowTo': ANY,
    },
    options: {
      legend: { calcs: ['lastNotNull', 'max'], displayMode: ['list', 'table'], placement: 'bottom', showLegend: true },
    },
  }),
  stat: queried({
    format: 'time_series',
    instant: true,
    defaults: { color: { mode: 'thresholds' } },
    options: {
      colorMode: 'value',
      graphMode: 'none',
      justifyMode: 'auto',
      orientation: 'auto',
      reduceOptions: { calcs: 'lastNotNull', fields: '', values: false },
      textMode: 'value',
      wideLayout: ANY,
    },
  }),
  heatmap: queried({
    format: 'heatmap',
    defaults: { color: ANY },
    options: {
      ...any('cellGap', 'cellValues', 'exemplars', 'filterValues'),
      calculate: false,
      // `exponent`, `fill` and `scale` are of another mode.
      color: { ...any('exponent', 'fill', 'scale', 'steps'), mode: 'scheme', scheme: 'Oranges', reverse: false },
      legend: { show: true },
      rowsFrame: { layout: 'auto' },
      showValue: 'never',
      yAxis: { axisPlacement: 'left', reverse: false, unit: ANY },
    },
  }),
  table: queried({
    format: 'table',
    instant: true,
    transformations: { id: ['merge', 'organize'], options: ANY },
    defaults: { color: { mode: 'thresholds' }, custom: { align: 'auto', filterable: ANY } },
    overrides: {
      ...any('decimals', 'unit', 'custom.width'),
      thresholds: THRESHOLDS,
      'custom.cellOptions': { type: 'color-text' },
    },
    options: { cellHeight: 'sm', showHeader: true, sortBy: ANY },
  }),
};

const VARIABLE = {
  ...any('description', 'label', 'name', 'options', 'refresh', 'skipUrlSync', 'type'),
  hide: 0,
  regex: '',
};
const VARIABLES = {
  datasource: { includeAll: false, multi: false, query: 'prometheus' },
  query: {
    ...any('allValue', 'datasource', 'definition'),
    current: { ...any('selected', 'text'), value: '$__all' },
    includeAll: true,
    multi: true,
    query: { query: PROMQL, refId: ANY },
    sort: 1,
  },
};

const ANNOTATION = {
  ...any('datasource', 'enable', 'iconColor', 'name', 'step', 'tagKeys', 'textFormat'),
  expr: PROMQL,
  hide: false,
  titleFormat: PLAIN,
  useValueForTime: false,
};

/** Ends with the name of the panel, variable or annotation that has something that cannot be drawn. */
export function check({ title, templating, annotations, panels }) {
  for (const it of templating.list) {
    const where = `${title} / variable ${it.name}`;
    const rules = known(where, 'type of variable', VARIABLES, it.type);
    walk(it, { ...VARIABLE, ...rules }, where, '');
  }
  for (const it of annotations.list) walk(it, ANNOTATION, `${title} / annotation ${it.name}`, '');
  for (const it of panels.flatMap((panel) => [panel, ...(panel.panels ?? [])])) {
    const where = `${title} / ${it.title || `panel ${it.id}`}`;
    walk(it, { ...EVERY, ...known(where, 'type of panel', PANELS, it.type) }, where, '');
  }
}

function known(where, what, rules, type) {
  if (!Object.hasOwn(rules, type)) throw new Error(`${where}: ${type} is no supported ${what}`);
  return rules[type];
}

function walk(value, rule, where, path) {
  if (rule === ANY || (rule instanceof RegExp ? rule.test(value) : [rule].flat().includes(value))) return;
  if (Array.isArray(value)) {
    for (const it of value) walk(it, rule, where, path);
  } else if (typeof rule === 'function') {
    walk(value, rule(value), where, path);
  } else if (rule?.constructor === Object && value?.constructor === Object) {
    for (const [key, it] of Object.entries(value)) walk(it, rule[key], where, path === '' ? key : `${path}.${key}`);
  } else {
    throw new Error(`${where}: ${path} ${JSON.stringify(value)} is not supported`);
  }
}
