// The cards on top: one figure each, and how it stands against its promise.

function showVerdict(card, over, words) {
  card.classList.toggle('over', over === true);
  card.classList.toggle('within', over === false);
  setText(card.querySelector('.verdict'), over === null ? words : `${over ? '▲' : '✓'} ${words}`);
}

function drawCards(figures, { plan, signal, view, latest }) {
  const cards = byId('cards');
  const card = (name) => cards.querySelector(`[data-card="${name}"]`);
  const figure = (name, value, text) => setFigure(figureIn(cards, name), value, text);
  setText(byId('covers'), view.words);

  figure('rate', figures.rate, formatRate(figures.rate));
  figure('calls', figures.calls, formatCount(figures.calls));

  const allowed = plan.allowed(signal, null);
  figure('error-ratio', figures.errorRatio, formatRatio(figures.errorRatio));
  figure('errors', figures.errors, formatCount(figures.errors));
  showVerdict(
    card('errors'),
    figures.errorRatio === null || allowed === null ? null : figures.errorRatio > allowed,
    allowed === null ? '' : `${figures.errorRatio > allowed ? 'over' : 'within'} ${formatExact(allowed)}`,
  );

  for (const [field, q] of [['p50', 0.5], ['p95', 0.95], ['p99', 0.99]]) {
    const found = figures[field];
    const threshold = plan.threshold(signal, q);
    figure(field, found?.value ?? null, formatQuantile(found));
    const over = found === null || threshold === null ? null : found.beyond || found.value > threshold;
    const words = threshold === null ? 'nothing promised' : `${over ? 'over' : 'within'} ${formatBound(threshold)}`;
    showVerdict(card(field), over, words);
  }

  const limit = gauge(signal.limit, latest, Math.max);
  figure('in-flight', figures.inFlight, formatCount(figures.inFlight));
  const full = limit !== null && limit > 0 && figures.inFlight !== null ? figures.inFlight / limit : null;
  const ofLimit = full === null ? 'no limit told' : `of ${formatCount(limit)}, ${formatRatio(full)}`;
  setText(card('in-flight').querySelector('.verdict'), ofLimit);

  const refused = [...plan.refusals.values()].reduce((sum, { ids }) => sum + delta(ids, view), 0);
  const refusedRate = perSecond(refused, view.seconds);
  figure('refused', refusedRate, formatRate(refusedRate));
  figure('refused-count', refused, formatCount(refused));

  card('oldest').hidden = !signal.told.oldest_start;
  figure('oldest', figures.oldest, figures.oldest === null ? 'none' : formatSeconds(figures.oldest));
}
