// What the reader sets: theme, window, interval, signal, filters, keys.

const THEME_KEY = 'tower-metrics-theme';

function rememberTheme(theme) {
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

function rememberedTheme() {
  try {
    return localStorage.getItem(THEME_KEY);
  } catch {
    return null;
  }
}

function setTheme(theme) {
  root.dataset.theme = ['light', 'dark'].includes(theme) ? theme : 'system';
  byId('theme').value = root.dataset.theme;
}

function setUpTheme() {
  byId('theme').addEventListener('change', ({ target }) => {
    setTheme(target.value);
    rememberTheme(target.value);
    redrawPlots(false);
  });
  for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
    matchMedia(query).addEventListener('change', () => redrawPlots(false));
  }
  let size = rem();
  addEventListener('resize', () => {
    if (rem() === size) return;
    size = rem();
    redrawPlots(true);
  });
}

/** The signals to choose from, the chosen one kept. */
function showSignals(signals, chosen) {
  const select = byId('signal');
  if (select.options.length === signals.length && signals.every((s, i) => select.options[i].value === s.id)) return;
  select.replaceChildren(
    ...signals.map(({ id, title }) => {
      const option = element('option', {}, title);
      option.value = id;
      return option;
    }),
  );
  if (signals.some(({ id }) => id === chosen)) select.value = chosen;
}

/** `on`: what to do for `refresh`, `pause`, `interval`, `figures` (window, signal), `routes`, `catalogue`, `unlock`. */
function setUpControls(on) {
  setUpTheme();
  byId('refresh').addEventListener('click', on.refresh);
  byId('pause').addEventListener('click', on.pause);
  byId('interval').addEventListener('change', on.interval);
  for (const id of ['window', 'signal']) byId(id).addEventListener('change', on.figures);
  byId('filter').addEventListener('input', on.routes);
  byId('catalogue-filter').addEventListener('input', on.catalogue);
  byId('ask').addEventListener('submit', (event) => {
    event.preventDefault();
    on.unlock(byId('token').value);
    byId('token').value = '';
  });
  document.addEventListener('keydown', (event) => {
    const typing = event.target instanceof Element && event.target.closest('input, select, textarea');
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.key === 'p') on.pause();
    else if (event.key === 'r') on.refresh();
  });
}

function showPause(paused) {
  const button = byId('pause');
  button.classList.toggle('on', paused);
  setText(button.querySelector('.word'), paused ? 'Resume' : 'Pause');
}
