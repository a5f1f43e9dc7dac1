// How the page itself is doing: its state, in words for the eye, for the ear and for programs.

const root = document.documentElement;

const page = {
  state: 'live',
  refreshes: 0,
  restarts: 0,
  lostSince: null,
  lostAt: null,
  said: null,
  restartedAt: null,
  broken: new Set(),
  hanging: null,
};

/** Takes note that there was no answer, or that there was another one, as `said`. */
function lose(said) {
  page.lostSince ??= Date.now() / 1000;
  page.lostAt = Date.now() / 1000;
  page.said = said;
  if (page.state !== 'lost') announce(said ?? 'The service does not answer.');
  setState('lost');
}

/** Says something once to who listens instead of looking. */
function announce(words) {
  setText(byId('announce'), words);
}

function setState(state) {
  if (page.state === state && root.dataset.state === state) return;
  page.state = state;
  root.dataset.state = state;
  byId('ask').hidden = state !== 'locked';
  if (state === 'locked') byId('token').focus();
}

function lostWords(at, paused) {
  if (paused) return `Paused; ${page.said ?? 'no answer'} at ${formatTime(page.lostAt ?? 0)}`;
  const old = at === null ? '' : ': what you see is old';
  return `${page.said ?? 'No answer'} since ${formatTime(page.lostSince ?? 0)}${old}; trying again`;
}

/** The line under the title. */
function showStatus({ at, every, series, paused, milliseconds }) {
  const restarted = page.restartedAt === null ? '' : `The service restarted at ${formatTime(page.restartedAt)}.`;
  setText(byId('restarted'), restarted);
  const words = {
    live: at === null ? 'Asking for the first time' : `Live, every ${every}${NARROW}s`,
    paused: 'Paused',
    lost: lostWords(at, paused),
    locked: 'Locked',
  }[page.state];
  setText(byId('state'), words);
  setText(byId('refreshed'), at === null ? '' : `refreshed ${formatTime(at)}`);
  setText(byId('series'), at === null ? '' : `${formatCount(series)} series`);
  if (milliseconds !== null) setText(byId('took'), `drawn in ${Math.round(milliseconds)}${NARROW}ms`);
}

/** Tells of promises that were not broken at the last look. */
function tellBroken(broken) {
  const fresh = broken.filter((title) => !page.broken.has(title));
  page.broken = new Set(broken);
  if (fresh.length > 0 && page.refreshes > 0) announce(`Promise broken: ${fresh.join('; ')}`);
}

/** Tells once of a signal of which nothing ends any more. */
function tellHanging(title, hanging, { inFlight }, view) {
  if (hanging && page.hanging !== title) {
    announce(`${title}: nothing ended in ${spell(view.seconds)}, ${formatCount(inFlight)} in flight.`);
  }
  if (hanging) page.hanging = title;
  else if (page.hanging === title) page.hanging = null;
}

function showProblem(words) {
  setText(byId('problem'), words);
  byId('problem').hidden = words === '';
}
