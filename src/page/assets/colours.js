// The colours of the style sheet, as a canvas needs them.

const COLOURS = [
  'panel', 'text', 'muted', 'grid', 'accent', 'accent-2', 'accent-3', 'accent-fill', 'bad', 'bad-fill',
  'heat-low', 'heat-mid', 'heat-high',
];
const HEAT_LEVELS = 12;

const palette = { heat: [] };

function readPalette() {
  const probe = byId('probe');
  for (const name of COLOURS) {
    probe.style.color = `var(--${name})`;
    palette[name] = getComputedStyle(probe).color;
  }
  const [low, mid, high] = ['heat-low', 'heat-mid', 'heat-high'].map((name) => palette[name].match(/[\d.]+/g).map(Number));
  palette.heat = Array.from({ length: HEAT_LEVELS }, (_, i) => {
    const t = (i / (HEAT_LEVELS - 1)) * 2;
    const [from, to, part] = t <= 1 ? [low, mid, t] : [mid, high, t - 1];
    return `rgb(${[0, 1, 2].map((c) => Math.round(from[c] + (to[c] - from[c]) * part)).join(', ')})`;
  });
}

function rem() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize);
}
