// A panel's transformations and field options, with Grafana's own transformers, matchers and formats.

import {
  FieldType,
  fieldMatchers,
  formattedValueToString,
  getDisplayProcessor,
  getFieldDisplayName,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';

import { theme } from './theme.mjs';

standardTransformersRegistry.setInit(() =>
  [standardTransformers.mergeTransformer, standardTransformers.organizeFieldsTransformer].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation,
  })),
);

/** The frames that a panel shows: transformed, named, and with the options of each field. */
export async function prepared({ transformations = [], fieldConfig }, frames, note) {
  const data = await lastValueFrom(transformDataFrame(transformations, frames, { interpolate: (it) => it }));
  const shown = data.map((frame) => ({ ...frame, fields: frame.fields.map((it) => ({ ...it, state: {} })) }));
  applyOptions(fieldConfig, shown, note);
  return shown;
}

function applyOptions({ defaults, overrides = [] }, frames, note) {
  const rules = overrides.map(({ matcher, properties }) => {
    const matches = fieldMatchers.get(matcher.id).get(matcher.options);
    return { matcher, properties, matches: ({ field, frame }) => matches(field, frame, frames) };
  });
  // All names first: a matcher by name must not see one that an override has just given.
  const fields = frames.flatMap((frame) =>
    frame.fields.map((field) => ({ frame, field, name: getFieldDisplayName(field, frame, frames) })),
  );
  const configs = fields.map((it) => configOf(it, defaults, rules));
  // A name may have no series today; an expression without any is rather one that Grafana reads differently.
  for (const { matcher, matches } of rules) {
    if (matcher.id === 'byRegexp' && fields.length > 0 && !fields.some(matches))
      note(`the override ${matcher.options} matches none of its series`);
  }
  let series = 0;
  fields.forEach(({ field, name }, n) => {
    field.config = configs[n];
    field.state = { displayName: name, seriesIndex: field.type === FieldType.number ? series++ : 0 };
    field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
  });
}

function configOf(it, defaults, rules) {
  const config = structuredClone({ ...defaults, ...it.field.config, custom: { ...defaults.custom } });
  // A label such as `500` is no number.
  if (it.field.type !== FieldType.number) for (const only of ['min', 'max', 'unit', 'decimals']) delete config[only];
  for (const { matches, properties } of rules) {
    if (!matches(it)) continue;
    for (const { id, value } of properties) {
      if (id.startsWith('custom.')) config.custom[id.slice('custom.'.length)] = value;
      else config[id] = value;
    }
  }
  return config;
}

export const nameOf = (field) => field.state.displayName;

/** A value as its field shows it, such as `12.5 ms`. */
export function shown({ display }, value) {
  return value === null || value === undefined ? '' : formattedValueToString(display(value));
}

/** A value with no more decimals than it needs: 0.05 s is 50 ms, not 50.00 ms. */
export function exactly(display, value) {
  const number = (decimals) => Number(display(value, decimals).text);
  const exact = number(6);
  const enough = [0, 1, 2, 3, 4, 5].find((it) => Math.abs(number(it) - exact) <= Math.abs(exact) * 1e-4);
  return formattedValueToString(display(value, enough));
}

/** How numbers of a unit are written that are of no field. */
export const displayOf = (unit) => getDisplayProcessor({ field: { type: FieldType.number, config: { unit } }, theme });
