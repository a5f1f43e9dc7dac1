// A dashboard's variables: what is chosen of each, as a person reads it and as it is written into a query.

const ALL = 'All';

// Twice, because the expression stands in a PromQL string.
const escaped = (text) => text.replace(/\\/g, '\\\\\\\\').replace(/[$^*{}[\]+?.()|]/g, '\\\\$&');

/** What is chosen of each: what was wished for, or all. */
export const resolveVariables = (models, { chosen }) =>
  models.map((model) => {
    const { name, label } = model;
    return { name, label, ...(model.type === 'datasource' ? { text: 'Prometheus' } : choose(model, chosen[name])) };
  });

function choose({ allValue }, wished = [ALL]) {
  if (wished.includes(ALL)) return { text: ALL, query: allValue };
  const values = wished.map(escaped);
  return { text: wished.join(' + '), query: values.length === 1 ? values[0] : `(${values.join('|')})` };
}

/** The PromQL with what is chosen in it. A `$1` is one of `label_replace`, and stays. */
export function substitute(expr, variables, { rate, interval }) {
  return expr.replace(/\$([A-Za-z_]\w*)/g, (whole, name) => {
    const own = { __rate_interval: rate, __interval: interval };
    const text = own[name] ?? variables.find((it) => it.name === name)?.query;
    if (text === undefined) throw new Error(`${whole} is no variable of the dashboard`);
    return text;
  });
}
