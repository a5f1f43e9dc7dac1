// What is drawn, from the figures down to the catalogue, in slices.

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
  await routes.draw(items, 'rows', all.length > 0);
  await nextSlice();
}

async function drawCatalogue() {
  if (!latest) return;
  const items = catalogueItems(listener.catalog, history.families, chosen('catalogue-filter'));
  setText(byId('catalogue-count'), formatCount(items.length));
  await catalogue.draw(items, 'metrics', chosen('catalogue-filter') !== '');
  await nextSlice();
}

async function drawAllCharts() {
  const signal = currentSignal();
  if (!signal || !latest) return;
  const { snapshots, restarts } = history;
  const data = await chartData(signal, snapshots);
  await drawCharts(charts, data, { plan, signal, restarts, span: [snapshots[0].at, snapshots.at(-1).at] });
}

async function drawAll(arrived = null) {
  await plan?.adopt(history.series);
  await drawFigures();
  await drawCatalogue();
  await drawAllCharts();
  showAll(arrived === null ? null : performance.now() - arrived);
}
