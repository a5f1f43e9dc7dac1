// What was promised and how much of it is left; what limiters refused, and why.

function promiseWords({ total, left, burn, unknown }, objective) {
  if (unknown) return 'its bound is not exported';
  if (left === null) return 'no calls yet';
  const allowed = formatExact(1 - objective);
  const of = `${formatCount(total)} calls, of which ${allowed} may be bad`;
  if (left < 0) return `spent ${burn >= 10 ? formatCount(burn) : burn.toFixed(1)} times over: ${of}`;
  return `${formatRatio(left)} of the error budget is left: ${of}`;
}

function newPromise(promise) {
  const meter = element('div', { class: 'meter', 'aria-hidden': 'true' }, element('span'));
  const figure = (words, name) => element('div', {}, element('dt', {}, words), element('dd', { 'data-figure': name }));
  const figures = element('dl', { class: 'kept' },
    figure('budget left', 'budget'), figure('burn rate', 'burn'), figure('burn rate now', 'burn-window'));
  const node = element('li', { class: 'promise' },
    element('h3', {}, element('bdi')), element('span', { class: 'service' }, element('bdi')), figures, meter, element('p', { class: 'note' }));
  node.dataset.promise = promise.id;
  return node;
}

/** Draws the promises; the titles of those that are broken now. */
function drawPromises(plan, sinceStart, view) {
  const list = byId('promise-list');
  const broken = [];
  const nodes = plan.promises.map((promise) => {
    const node = list.querySelector(`[data-promise="${CSS.escape(promise.id)}"]`) ?? newPromise(promise);
    setText(node.querySelector('h3 bdi'), promise.title);
    setText(node.querySelector('.service bdi'), promise.service);
    const found = promise.kept(sinceStart);
    const { burn, left } = found;
    setFigure(figureIn(node, 'budget'), left, left === null ? NONE : left < 0 ? 'none' : formatRatio(left));
    setFigure(figureIn(node, 'burn'), burn, burn === null ? NONE : `${formatRate(burn)}×`);
    const lately = promise.kept(view).burn;
    setFigure(figureIn(node, 'burn-window'), lately, lately === null ? NONE : `${formatRate(lately)}×`);
    figureIn(node, 'burn-window').classList.toggle('over', lately !== null && lately > 1);
    setText(node.querySelector('.note'), promiseWords(found, promise.objective));
    node.querySelector('.meter span').style.width = `${Math.max(0, Math.min(1, left ?? 0)) * 100}%`;
    node.classList.toggle('over', left !== null && left < 0);
    if (left !== null && left < 0) broken.push(promise.title);
    return node;
  });
  if (nodes.length !== list.children.length || nodes.some((node, i) => node !== list.children[i])) list.replaceChildren(...nodes);
  byId('no-promises').hidden = nodes.length > 0;
  return broken;
}

function refusalColumns() {
  const text = (title, field, name) => ({ title, name, cell: (item) => ({ text: item[field], value: item[field] }) });
  const number = (title, says, figure, field, format) => ({
    title, says, figure, numeric: true, cell: (item) => ({ text: format(item[field]), value: item[field] }),
  });
  return [
    text('limiter', 'limiter', true),
    text('reason', 'reason', false),
    number('refused', 'Calls refused in the window', 'refused-count', 'count', formatCount),
    number('per s', 'Calls refused per second', 'refused', 'rate', formatRate),
    number('share', 'Share of the calls that reached the limiter', 'refused-ratio', 'share', formatRatio),
  ];
}

function refusalItems(plan, view) {
  return [...plan.refusals].map(([key, { limiter, reason, ids }]) => {
    const count = delta(ids, view);
    const reached = delta(plan.limiterCalls.get(limiter) ?? [], view);
    const share = ratio(count, reached);
    const rate = perSecond(count, view.seconds);
    return { key, name: `${limiter} ${reason}`, limiter, reason: reason.replaceAll('_', ' '), count, rate, share };
  });
}
