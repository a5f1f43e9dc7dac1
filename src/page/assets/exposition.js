// Reads Prometheus's text format 0.0.4: families, series, values.

const ESCAPED = { n: '\n', '\\': '\\', '"': '"' };
const PARTS = ['bucket', 'count', 'sum'];

function unescapeText(text) {
  return text.includes('\\') ? text.replace(/\\([\\n"])/g, (_, c) => ESCAPED[c]) : text;
}

/** A value, or undefined for what is none. */
function readValue(text) {
  switch (text) {
    case '+Inf':
    case 'Inf':
    case 'inf':
    case '+inf':
      return Infinity;
    case '-Inf':
    case '-inf':
      return -Infinity;
    case 'NaN':
      return NaN;
    default: {
      const value = text === '' ? NaN : Number(text);
      return Number.isNaN(value) ? undefined : value;
    }
  }
}

/** The name and the labels of `name{label="value",…}`, values as they were before they were escaped. */
function readSeries(key) {
  const labels = Object.create(null);
  const open = key.indexOf('{');
  if (open < 0) return { name: key, labels };
  let at = open + 1;
  while (at < key.length) {
    const equals = key.indexOf('="', at);
    if (equals < 0) break;
    let end = equals + 2;
    while (end < key.length && key[end] !== '"') end += key[end] === '\\' ? 2 : 1;
    labels[key.slice(at, equals).replace(/^[\s,]+/, '').trimEnd()] = unescapeText(key.slice(equals + 2, end));
    at = end + 1;
  }
  return { name: key.slice(0, open).trim(), labels };
}

/** The family that a sample belongs to, and which part of a histogram or summary it is. */
function familyOf(name, families) {
  const own = families.get(name);
  if (own) return { family: own, part: '' };
  for (const part of PARTS) {
    if (!name.endsWith(`_${part}`)) continue;
    const family = families.get(name.slice(0, -part.length - 1));
    if (family && (family.kind === 'histogram' || family.kind === 'summary')) return { family, part };
  }
  const family = { name, kind: 'untyped', help: '', series: 0 };
  families.set(name, family);
  return { family, part: '' };
}

function readComment(line, families) {
  const found = /^#\s*(HELP|TYPE)\s+(\S+)\s?(.*)$/s.exec(line);
  if (!found) return;
  const [, what, name, rest] = found;
  let family = families.get(name);
  if (!family) families.set(name, (family = { name, kind: 'untyped', help: '', series: 0 }));
  if (what === 'TYPE') family.kind = rest.trim();
  else if (family.helpText !== rest) {
    family.helpText = rest;
    family.help = unescapeText(rest);
  }
}

/** Tells `take(key, value)` of every sample of `text`, in slices; `key` is the name with its labels, as they stand there. */
async function readExposition(text, families, take) {
  let from = 0;
  let lines = 0;
  while (from < text.length) {
    let to = text.indexOf('\n', from);
    if (to < 0) to = text.length;
    const line = text.slice(from, to).trim();
    from = to + 1;
    if (line[0] === '#') {
      readComment(line, families);
    } else if (/^[a-zA-Z_:]/.test(line)) {
      // A label value may hold a brace; behind the last one are only the value and perhaps a time.
      const close = line.lastIndexOf('}');
      const end = close < 0 ? line.search(/\s/) : close + 1;
      if (end > 0) {
        const rest = line.slice(end).trim();
        const blank = rest.search(/\s/);
        const value = readValue(blank < 0 ? rest : rest.slice(0, blank));
        if (value !== undefined) take(line.slice(0, end), value);
      }
    }
    if ((++lines & 63) === 0 && sliceIsOver()) await nextSlice();
  }
}
