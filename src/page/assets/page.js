// The page: asks, takes in, draws, and waits for the next time.

const LONGEST_WAIT_MILLISECONDS = 30000;
// How long a refresh waits for the catalogue: without any there is nothing to draw.
const PATIENCE_MILLISECONDS = { first: 5000, later: 400 };
const WRONG_TOKEN = 'This token is not the right one.';

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
let generation = 0;
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
  if (generation !== history.generation) await renumber();
  latest = { at, serverTime };
  if (restarted) {
    listener.expireCatalog();
    page.restarts++;
    page.restartedAt = at;
    announce(`The service restarted at ${formatTime(at)}.`);
  }
}

/** Another plan, which is told of all series before it is used. */
async function planAnew(fresh) {
  await fresh.adopt(history.series);
  plan = fresh;
  shownSignal = null;
  showSignals(plan.signals, chosen('signal'));
  nameThePage();
}

/** The same plan, where the series have other numbers. */
async function renumber() {
  generation = history.generation;
  if (plan) await planAnew(new Plan(listener.catalog));
}

function showTime(milliseconds = null) {
  showStatus({ at: latest?.at ?? null, every: chosen('interval'), series: history.present, paused, milliseconds });
}

function problemNow() {
  if (listener.problem) return listener.problem;
  if (plan === null) return latest === null ? '' : 'The catalogue, which tells what the figures mean, has not come yet.';
  return plan.signals.length === 0 ? 'Nothing is recorded yet: no call has been made.' : '';
}

function showAll(milliseconds = null) {
  showProblem(problemNow());
  showTime(milliseconds);
  showPause(paused);
}

/** Asks for the catalogue beside the figures, and waits a little: most often it is there at once. One that is late is drawn when it
 * comes. */
async function lookAtCatalogue(at) {
  const asked = listener.refreshCatalog(history.families, at);
  if (asked === null) return;
  let late = false;
  const planned = asked.then((changed) => {
    if (changed) job(() => planAnew(listener.plan));
    if (late) job(changed ? drawAll : async () => showAll());
  });
  const patience = plan === null ? PATIENCE_MILLISECONDS.first : PATIENCE_MILLISECONDS.later;
  await Promise.race([planned, new Promise((resolve) => setTimeout(resolve, patience))]);
  late = true;
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
    await lookAtCatalogue(answer.at);
    await job(async () => {
      if (page.state === 'lost') announce('The service answers again.');
      failures = 0;
      page.lostSince = null;
      setState(paused ? 'paused' : 'live');
      await drawAll(arrived);
      root.dataset.restarts = page.restarts;
      root.dataset.refreshes = ++page.refreshes;
    });
  } catch (error) {
    if (error instanceof Locked) {
      setText(byId('wrong-token'), error.wrong ? WRONG_TOKEN : '');
      setState('locked');
    } else if (error instanceof NoAnswer) {
      failures++;
      lose(error instanceof OtherAnswer ? error.message : null);
      history.miss();
    } else {
      console.error(error);
      showProblem(`This page could not read what the listener said: ${error.message}`);
    }
    showTime();
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
      if (!['locked', 'lost'].includes(page.state)) setState(paused ? 'paused' : 'live');
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
      const fits = listener.unlock(token);
      setText(byId('wrong-token'), fits ? '' : WRONG_TOKEN);
      if (fits) refresh();
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
