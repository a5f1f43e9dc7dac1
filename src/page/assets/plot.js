// One chart: uPlot with the page's axes, marks, legend and words.

const SHORTEST_SPAN = 60;
const plots = new Set();

/** Round values between `min` and `max` for a logarithmic axis. */
function logSplits(_plot, _axis, min, max) {
  const splits = [];
  const steps = max / min > 300 ? [1] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power++) {
    for (const step of steps) {
      const value = Number((step * 10 ** power).toPrecision(6));
      if (value >= min && value <= max) splits.push(value);
    }
  }
  return splits;
}

const clock = (time) => formatTime(time).replace(/:00$/, '');

class Plot {
  #host;
  #legend;
  #time;
  #options;
  #plot = null;
  #extent = [0, SHORTEST_SPAN];
  marks = { restarts: [], lines: [] };
  data = [[]];

  /** `options`: the figure's `id`, uPlot's `series`, `axis` and `scale` (of this chart), `legend` (the values at an index), what
   * is drawn `under` the lines, `cursor`. */
  constructor(options) {
    const figure = byId(options.id);
    this.#host = figure.querySelector('.plot');
    this.#legend = figure.querySelector('.legend');
    this.#options = options;
    this.#time = element('li', { class: 'time' });
    this.#legend.prepend(this.#time);
    for (const { label, mark } of options.series) {
      if (!label) continue;
      const value = element('span', { class: 'value' });
      const sign = element('span', { class: `mark ${mark}`, 'aria-hidden': 'true' });
      this.#legend.append(element('li', {}, sign, `${label} `, value));
    }
    this.build();
    new ResizeObserver(() => this.#fit()).observe(this.#host);
    plots.add(this);
  }

  build() {
    this.#plot?.destroy();
    const { series, axis, scale, under, cursor } = this.#options;
    const size = rem();
    // uPlot scales a font to the screen by its whole pixels.
    const font = `${Math.round(size * 0.77)}px ${getComputedStyle(document.body).fontFamily}`;
    const common = { stroke: () => palette.muted, font, ticks: { show: false }, labelSize: 0 };
    this.#plot = new uPlot(
      {
        width: Math.max(this.#host.clientWidth, 60),
        height: Math.max(this.#host.clientHeight, 60),
        legend: { show: false },
        padding: [size * 0.6, size * 0.9, 0, 0],
        cursor: {
          y: false,
          drag: { x: false, y: false },
          points: { size: 6, width: 2 },
          sync: { key: 'tower-metrics' },
          bind: { dblclick: () => null },
          ...cursor,
        },
        scales: { x: { time: true, range: () => this.#extent }, y: scale(this) },
        axes: [
          {
            ...common,
            grid: { show: false },
            size: size * 1.7,
            space: size * 5,
            values: (plot, splits) => splits.map((time) => (this.#hasRoom(plot, time, size) ? clock(time) : null)),
          },
          {
            ...common,
            grid: { stroke: () => palette.grid, width: 1 },
            size: size * 4.2,
            gap: size * 0.35,
            space: size * 1.9,
            ...axis(this),
          },
        ],
        series: [{}, ...series.map((one) => ({ points: { show: true, size: 4, filter: lonely }, spanGaps: false, ...one }))],
        hooks: {
          drawAxes: [(plot) => under?.(plot, this)],
          draw: [(plot) => this.#mark(plot)],
          setCursor: [(plot) => this.#say(plot)],
        },
      },
      this.data,
      this.#host,
    );
  }

  /** Whether what is written under a time would not leave the chart. */
  #hasRoom(plot, time, size) {
    const [from, to] = this.#extent;
    return ((to - time) / (to - from)) * (plot.bbox.width / devicePixelRatio) > size;
  }

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (width > 0 && height > 0 && (width !== this.#plot.width || height !== this.#plot.height)) {
      this.#plot.setSize({ width, height });
    }
  }

  /** Draws `data` up to the time `now`, and says in words what it shows. */
  draw(data, from, now, words) {
    this.data = data;
    this.#extent = [Math.min(from, now - SHORTEST_SPAN), now];
    this.#plot.setData(data, true);
    this.#say(this.#plot);
    this.#host.setAttribute('aria-label', words);
  }

  #say(plot) {
    const { idx } = plot.cursor;
    const at = idx ?? plot.data[0].length - 1;
    const values = this.#options.legend(at, plot, this);
    this.#legend.querySelectorAll('.value').forEach((node, i) => setText(node, values[i] ?? NONE));
    setText(this.#time, idx == null ? '' : formatTime(plot.data[0][at]));
  }

  #mark(plot) {
    const { ctx, bbox } = plot;
    const unit = devicePixelRatio;
    const size = rem() * 0.72 * unit;
    ctx.save();
    ctx.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textBaseline = 'bottom';
    ctx.lineWidth = unit;
    for (const { value, label } of this.marks.lines) {
      const y = Math.round(plot.valToPos(value, 'y', true));
      if (y < bbox.top - 1 || y > bbox.top + bbox.height + 1) continue;
      ctx.strokeStyle = ctx.fillStyle = palette.text;
      ctx.setLineDash([5 * unit, 4 * unit]);
      stroke(ctx, bbox.left, y, bbox.left + bbox.width, y);
      ctx.textAlign = 'right';
      const below = y - size * 1.4 < bbox.top;
      write(ctx, label, bbox.left + bbox.width - 4 * unit, below ? y + size * 1.4 : y - 2 * unit);
    }
    for (const at of this.marks.restarts) {
      const x = Math.round(plot.valToPos(at, 'x', true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = ctx.fillStyle = palette.muted;
      ctx.setLineDash([2 * unit, 3 * unit]);
      stroke(ctx, x, bbox.top, x, bbox.top + bbox.height);
      ctx.textAlign = x > bbox.left + bbox.width / 2 ? 'right' : 'left';
      write(ctx, 'restart', x + (ctx.textAlign === 'left' ? 4 : -4) * unit, bbox.top + size * 1.3);
    }
    ctx.restore();
  }

  redraw() {
    this.#plot.redraw(false, true);
  }
}

function stroke(ctx, x0, y0, x1, y1) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

/** Text that stays readable on what it crosses. */
function write(ctx, text, x, y) {
  ctx.save();
  ctx.setLineDash([]);
  ctx.lineJoin = 'round';
  ctx.lineWidth = 4 * devicePixelRatio;
  ctx.strokeStyle = palette.panel;
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
  ctx.restore();
}

/** Points only where a line has no neighbour to be drawn to. */
function lonely(plot, index) {
  const values = plot.data[index];
  const found = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  }
  return found;
}

function redrawPlots(anew) {
  readPalette();
  for (const plot of plots) {
    if (anew) plot.build();
    else plot.redraw();
  }
}
