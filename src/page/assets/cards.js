// The cards on top: one figure each, and how it stands against its promise.

function showVerdict(card, { over, words }) {
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

  figure('error-ratio', figures.errorRatio, formatRatio(figures.errorRatio));
  figure('errors', figures.errors, formatCount(figures.errors));
  showVerdict(card('errors'), errorVerdict(plan, signal, figures, view));

  for (const field of Object.keys(QUANTILES)) {
    const found = figures[field];
    figure(field, found?.value ?? null, formatQuantile(found));
    showVerdict(card(field), quantileVerdict(plan, signal, field, found, view));
  }

  const limit = gauge(signal.limit, latest, Math.max);
  figure('in-flight', figures.inFlight, formatCount(figures.inFlight));
  const full = limit !== null && limit > 0 && figures.inFlight !== null ? figures.inFlight / limit : null;
  const ofLimit = full === null ? 'no limit told' : `of ${formatCount(limit)}, ${formatRatio(full)}`;
  const hanging = hangs(figures, view);
  const words = hanging ? `nothing ended in ${spell(view.seconds)}` : ofLimit;
  showVerdict(card('in-flight'), { over: hanging || null, words });

  const refused = [...plan.refusals.values()].reduce((sum, { ids }) => sum + delta(ids, view), 0);
  const refusedRate = perSecond(refused, view.seconds);
  figure('refused', refusedRate, formatRate(refusedRate));
  figure('refused-count', refused, formatCount(refused));
  setText(byId('refused-by'), signal.told.kind === 'http' ? '' : ', all limiters');

  card('oldest').hidden = !signal.told.oldest_start;
  figure('oldest', figures.oldest, figures.oldest === null ? 'none' : formatSeconds(figures.oldest));
  const old = figures.oldest !== null && figures.oldest > oldAfter(plan, signal);
  const whose = figures.oldest === null ? '' : oldestRow(signal, latest)?.name ?? 'still in flight';
  showVerdict(card('oldest'), { over: old || null, words: whose });
}
