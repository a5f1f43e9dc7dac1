// The page: asks, takes in, draws, and waits for the next time.

const LONGEST_WAIT_MILLISECONDS = 30000;

const history = new History();
const listener = new Listener();
let plan = null;
let charts = null;
let routes = null;
let refusals = null;
let endings = null;
let catalogue = null;
let shownSignal = null;
let latest = null;
let clocksApart = null;
let failures = 0;
let timer = 0;
let asking = false;
let paused = false;
// One job at a time: each gives way to the browser between slices, and none may see another's half.
let jobs = Promise.resolve();

function job(work) {
  const run = async () => {
    beginSlice();
    try {
      await work();
    } finally {
      endSlice();
    }
  };
  jobs = jobs.then(run, run);
  return jobs;
}

const chosen = (id) => byId(id).value;
const currentSignal = () => plan?.signals.find(({ id }) => id === chosen('signal')) ?? plan?.signals[0] ?? null;

function nameThePage() {
  const service = plan?.promises[0]?.service || location.host;
  setText(byId('service'), service);
  const title = `tower-metrics — ${service}`;
  if (document.title !== title) document.title = title;
  setText(byId('version'), listener.catalog?.version ?? '');
}

async function drawFigures() {
  const signal = currentSignal();
  if (!signal || !latest) return;
  const view = history.view(chosen('window'), latest.serverTime);
  const sinceStart = history.view('start', latest.serverTime);
  const values = history.raw;
  const figures = figuresOf(signal.all, view, values, latest.serverTime);
  drawCards(figures, { plan, signal, view, latest: values });
  tellHanging(signal.title, hangs(figures, view), figures, view);
  tellBroken(drawPromises(plan, sinceStart, view));
  await nextSlice();
  await refusals.draw(refusalItems(plan, view), 'reasons');
  byId('no-refusals').hidden = plan.refusals.size > 0;
  byId('refusal-table').parentElement.hidden = plan.refusals.size === 0;
  await nextSlice();
  await drawEndings(endings, signal, view, sinceStart);
  await nextSlice();
  await drawRoutes();
}

async function drawRoutes() {
  const signal = currentSignal();
  if (!signal || !latest) return;
  if (shownSignal !== signal) {
    shownSignal = signal;
    const columns = routeColumns(signal);
    routes.setColumns(columns, signal.rowTitles.length);
    const { kind } = signal.told;
    setText(byId('routes-title'), kind.startsWith('grpc') ? 'Methods' : kind === 'operation' ? 'Operations' : 'Routes');
  }
  const view = history.view(chosen('window'), latest.serverTime);
  const all = await routeItems(signal, plan, view, history.raw, latest.serverTime);
  const items = all.filter((item) => matchesFilter(chosen('filter'), item.name));
  const over = all.filter((item) => item.over).length;
  const shown = items.length === all.length ? '' : `${formatCount(items.length)} of `;
  setText(byId('routes-count'), shown + formatCount(all.length));
  setText(byId('routes-over'), over > 0 ? `▲ ${formatCount(over)} with too many errors` : '');
  await routes.draw(items, 'rows');
  await nextSlice();
}

async function drawCatalogue() {
  if (!latest) return;
  const items = catalogueItems(listener.catalog, history.families, chosen('catalogue-filter'));
  setText(byId('catalogue-count'), formatCount(items.length));
  await catalogue.draw(items, 'metrics');
  await nextSlice();
}

async function drawAllCharts() {
  const signal = currentSignal();
  if (!signal || !latest) return;
  const { snapshots, restarts } = history;
  const data = await chartData(signal, snapshots);
  await drawCharts(charts, data, { plan, signal, restarts, span: [snapshots[0].at, snapshots.at(-1).at] });
}

/** Whether the clock on the wall went another way than the one that only counts, as it does when the machine sleeps. */
function clocksParted() {
  const apart = (Date.now() - performance.now()) / 1000;
  const parted = clocksApart !== null && Math.abs(apart - clocksApart) > 2;
  clocksApart = apart;
  return parted;
}

async function takeIn({ text, at, serverTime }) {
  if (clocksParted()) history.forgetTime();
  const restarted = await history.take(text, at, Number(chosen('interval')));
  latest = { at, serverTime };
  if (restarted) {
    listener.expireCatalog();
    page.restarts++;
    page.restartedAt = at;
    announce(`The service restarted at ${formatTime(at)}.`);
  }
}

async function planAnew() {
  plan = new Plan(listener.catalog);
  shownSignal = null;
  showSignals(plan.signals, chosen('signal'));
  nameThePage();
}

function showAll(milliseconds) {
  showProblem(listener.problem || (plan && plan.signals.length === 0 ? 'Nothing is recorded yet: no call has been made.' : ''));
  showStatus({ at: latest?.at ?? null, every: chosen('interval'), series: history.present, milliseconds });
  showPause(paused);
}

async function refresh() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  const began = performance.now();
  try {
    const answer = await listener.metrics();
    const arrived = performance.now();
    await job(() => takeIn(answer));
    const changed = await listener.refreshCatalog(history.families, answer.at);
    await job(async () => {
      if (changed) await planAnew();
      await plan?.adopt(history.series);
      if (page.state === 'lost') announce('The service answers again.');
      failures = 0;
      page.lostSince = null;
      setState(paused ? 'paused' : 'live');
      await drawFigures();
      await drawCatalogue();
      await drawAllCharts();
      showAll(performance.now() - arrived);
      root.dataset.restarts = page.restarts;
      root.dataset.refreshes = ++page.refreshes;
    });
  } catch (error) {
    if (error instanceof Locked) {
      setText(byId('wrong-token'), error.wrong ? 'This token is not the right one.' : '');
      setState('locked');
    } else if (error instanceof NoAnswer) {
      failures++;
      page.lostSince ??= Date.now() / 1000;
      history.miss();
      if (page.state !== 'lost') announce('The service does not answer.');
      setState('lost');
    } else {
      console.error(error);
      showProblem(`This page could not read what the listener said: ${error.message}`);
    }
    showStatus({ at: latest?.at ?? null, every: chosen('interval'), series: history.present });
  } finally {
    asking = false;
    schedule(began);
  }
}

function schedule(began) {
  clearTimeout(timer);
  if (paused || page.state === 'locked') return;
  const every = Number(chosen('interval')) * 1000;
  const wait = failures > 0 ? Math.min(every * 2 ** Math.min(failures - 1, 5), LONGEST_WAIT_MILLISECONDS) : every;
  timer = setTimeout(refresh, Math.max(wait - (performance.now() - began), 50));
}

async function start() {
  setTheme(rememberedTheme());
  await nextSlice();
  readPalette();
  await nextSlice();
  charts = await makeCharts();
  routes = new DataTable('route-table', { attribute: 'row', more: 'routes-more', onSort: () => job(drawRoutes) });
  refusals = new DataTable('refusal-table', { attribute: 'refusal', more: 'refusals-more', onSort: () => job(drawFigures) });
  endings = new DataTable('ending-table', { attribute: 'ending', more: 'endings-more', onSort: () => job(drawFigures) });
  catalogue = new DataTable('catalogue-table', { attribute: 'metric', more: 'catalogue-more', onSort: () => job(drawCatalogue) });
  refusals.setColumns(refusalColumns(), 2);
  catalogue.setColumns(catalogueColumns(), 4);
  setUpControls({
    refresh,
    pause() {
      paused = !paused;
      if (page.state !== 'locked') setState(paused ? 'paused' : 'live');
      showAll();
      announce(paused ? 'Paused' : 'Resumed');
      if (paused) clearTimeout(timer);
      else refresh();
    },
    interval: () => (paused ? showAll() : refresh()),
    figures: () => job(async () => {
      await drawFigures();
      await drawAllCharts();
    }),
    routes: () => job(drawRoutes),
    catalogue: () => job(drawCatalogue),
    unlock(token) {
      listener.unlock(token);
      refresh();
    },
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && !paused && page.state !== 'locked') refresh();
  });
  root.dataset.refreshes = 0;
  root.dataset.restarts = 0;
  setState('live');
  nameThePage();
  showAll();
}

job(start).then(refresh);
