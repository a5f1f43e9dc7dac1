// Makes generated.json small and readable as a diff, and asks @grafana/data for its units.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const version = (name) => read(`node_modules/${name}/package.json`).version;
const WIDTH = 110;

// Names such as `Record<string,boolean>` have to be escaped in a reference.
const plain = (name) => name.replace(/[^A-Za-z0-9]+/g, '_').replace(/_$/, '');

function strip(node, isMapOfSchemas = false) {
  if (Array.isArray(node)) return node.map((item) => strip(item));
  if (node === null || typeof node !== 'object') return node;
  const kept = {};
  for (const [key, value] of Object.entries(node)) {
    // A property may be called `description` too: that one stays.
    if (['deprecated', 'description'].includes(key) && !isMapOfSchemas) continue;
    if (key === '$ref') kept[key] = `#/definitions/${plain(decodeURIComponent(value.slice('#/definitions/'.length)))}`;
    else kept[key] = strip(value, !isMapOfSchemas && key === 'properties');
  }
  // `const` and `enum` say the type already.
  if (!isMapOfSchemas && ('const' in kept || 'enum' in kept)) delete kept.type;
  return kept;
}

function print(node, indent = '') {
  const line = JSON.stringify(node);
  if (indent.length + line.length <= WIDTH || node === null || typeof node !== 'object') return line;
  const inner = `${indent} `;
  const items = Array.isArray(node)
    ? node.map((item) => inner + print(item, inner))
    : Object.entries(node).map(([key, value]) => `${inner}${JSON.stringify(key)}:${print(value, inner)}`);
  const [open, close] = Array.isArray(node) ? '[]' : '{}';
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
}

const generated = read('generated.json');
const all = Object.fromEntries(
  Object.entries(generated.definitions).map(([name, node]) => [plain(name), strip(node)])
);
const reachable = new Set();
const visit = (name) => {
  if (reachable.has(name)) return;
  reachable.add(name);
  for (const [, next] of JSON.stringify(all[name]).matchAll(/"#\/definitions\/([A-Za-z0-9_]+)"/g)) visit(next);
};
visit('Dashboard');

const comment =
  `From @grafana/schema ${version('@grafana/schema')} and @grafana/data ${version('@grafana/data')}, ` +
  'copyright Grafana Labs, Apache-2.0; narrowed by dashboard.ts; made by make.sh';
const schema = {
  $comment: comment,
  $schema: 'http://json-schema.org/draft-07/schema#',
  $ref: '#/definitions/Dashboard',
  definitions: Object.fromEntries([...reachable].sort().map((name) => [name, all[name]])),
};
writeFileSync('schema.json', `${print(schema)}\n`);

// The package asks its browser for a language as soon as it is loaded.
if (!globalThis.navigator) globalThis.navigator = { language: 'en', languages: ['en'], userAgent: '' };
const { getValueFormats } = createRequire(import.meta.url)('@grafana/data');
const ids = (entries) => entries.flatMap((entry) => (entry.submenu ? ids(entry.submenu) : [entry.value]));
const units = {
  $comment: `The unit ids of @grafana/data ${version('@grafana/data')}, copyright Grafana Labs, Apache-2.0; made by make.sh`,
  units: [...new Set(ids(getValueFormats()))].sort(),
};
writeFileSync('units.json', `${JSON.stringify(units, null, 1)}\n`);
