// How the page itself is doing: its state, in words for the eye, for the ear and for programs.

const root = document.documentElement;

const page = {
  state: 'live',
  refreshes: 0,
  restarts: 0,
  lostSince: null,
  restartedAt: null,
  broken: new Set(),
  hanging: null,
};

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

/** The line under the title. */
function showStatus({ at, every, series, milliseconds = null }) {
  const restarted = page.restartedAt === null ? '' : `The service restarted at ${formatTime(page.restartedAt)}.`;
  setText(byId('restarted'), restarted);
  const words = {
    live: at === null ? 'Asking for the first time' : `Live, every ${every}${NARROW}s`,
    paused: 'Paused',
    lost: `No answer since ${formatTime(page.lostSince ?? 0)}: what you see is old; trying again`,
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
