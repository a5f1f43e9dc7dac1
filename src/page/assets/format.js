// How figures are written: few digits, one unit, a narrow space before it.

const NARROW = '\u202f';
const NONE = '–';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

function threeDigits(value) {
  const size = Math.abs(value);
  if (size >= 100) return whole.format(value);
  return value.toFixed(size >= 10 ? 1 : 2);
}

function formatCount(value) {
  if (value === null || Number.isNaN(value)) return NONE;
  return Math.abs(value) >= 1e7 ? short.format(value) : whole.format(value);
}

/** A value at an axis: no zeros that say nothing. */
function formatTick(value) {
  return value >= 1e5 ? short.format(value) : value >= 1000 ? whole.format(value) : String(Number(value.toPrecision(4)));
}

function formatRate(value) {
  if (value === null) return NONE;
  if (value === 0) return '0';
  if (value < 0.01) return '<0.01';
  return value >= 1e7 ? short.format(value) : threeDigits(value);
}

function formatRatio(value) {
  if (value === null) return NONE;
  const percent = value * 100;
  if (percent !== 0 && Math.abs(percent) < 0.01) return `${percent < 0 ? '>−' : '<'}0.01${NARROW}%`;
  const small = percent > 0 && percent < 0.1;
  let digits = Number.isInteger(percent) ? String(percent) : small ? percent.toFixed(3) : threeDigits(percent);
  // Nearly all is not all.
  if (percent < 100 && digits === '100.0') digits = '99.99';
  return `${digits.replace('-', '−')}${NARROW}%`;
}

/** As a promise writes it: `0.1 %`, without the error of binary fractions. */
function formatExact(ratio) {
  return `${Number((ratio * 100).toPrecision(10))}${NARROW}%`;
}

function formatSeconds(value) {
  if (value === null || Number.isNaN(value)) return NONE;
  if (value === 0) return `0${NARROW}s`;
  if (value < 0.9995e-3) return `${threeDigits(value * 1e6)}${NARROW}µs`;
  if (value < 0.9995) return `${threeDigits(value * 1e3)}${NARROW}ms`;
  if (value < 120) return `${threeDigits(value)}${NARROW}s`;
  return spell(value);
}

/** A bound or a threshold: no digit that was not said. */
function formatBound(value) {
  if (value === Infinity) return '∞';
  const [scaled, unit] = value < 1e-3 ? [value * 1e6, 'µs'] : value < 1 ? [value * 1e3, 'ms'] : [value, 's'];
  return `${Number(scaled.toPrecision(6))}${NARROW}${unit}`;
}

/** A length of time in words: `34 s`, `5 min`, `3 h 10 min`. */
function spell(seconds) {
  const s = Math.round(seconds);
  if (s < 120) return `${s}${NARROW}s`;
  if (s < 7200) return s % 60 === 0 ? `${s / 60}${NARROW}min` : `${Math.floor(s / 60)}${NARROW}min ${s % 60}${NARROW}s`;
  if (s < 172800) return `${Math.floor(s / 3600)}${NARROW}h ${Math.floor((s % 3600) / 60)}${NARROW}min`;
  return `${Math.floor(s / 86400)}${NARROW}days ${Math.floor((s % 86400) / 3600)}${NARROW}h`;
}

/** A quantile, as `{ value, beyond }`: beyond the last bound it is only known to be more. */
function formatQuantile(quantile) {
  if (quantile === null) return NONE;
  return quantile.beyond ? `>${NARROW}${formatBound(quantile.value)}` : formatSeconds(quantile.value);
}

function formatTime(at) {
  const time = new Date(at * 1000);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}
