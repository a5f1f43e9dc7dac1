// What is around the panels: the page's header, the headers of rows, the frame and title of a panel.

import { color, element } from './theme.mjs';

const pixels = (box) => Object.fromEntries(Object.entries(box).map(([side, value]) => [side, `${value}px`]));

export function header({ title, tags, links, variables, toggles, from, to, refresh }) {
  const crumbs = element('div', 'crumbs', [
    element('span', 'muted', 'Dashboards'),
    element('span', 'muted', '›'),
    element('h1', '', title),
    ...tags.map((tag) => element('span', 'tag', tag)),
  ]);
  const time = element('div', 'time', [
    element('span', '', spoken(from, to)),
    element('span', 'muted', 'UTC'),
    element('span', 'refresh', refresh),
  ]);
  const controls = element('div', 'controls', [
    ...variables.map(variable),
    ...toggles.map(toggle),
    element('div', 'spring'),
    ...links.map((link) =>
      element('div', 'link', [element('span', 'link-mark', '↗'), element('span', '', link.title)]),
    ),
  ]);
  return element('header', '', [element('div', 'bar', [crumbs, time]), controls]);
}

function variable({ label, text }) {
  return element('div', 'control', [
    element('span', 'control-label', label),
    element('span', 'control-value', [element('span', '', text), element('span', 'muted', '⌄')]),
  ]);
}

function toggle({ name, enable, iconColor }) {
  const dot = element('span', 'annotation-dot', undefined, { background: color(iconColor) });
  return element('div', 'control', [
    element('span', 'control-label', [dot, element('span', '', name)]),
    element('span', 'control-value', [element('span', enable ? 'switch on' : 'switch')]),
  ]);
}

function spoken(from, to) {
  const [start, end] = [from, to].map((it) => new Date(it * 1000).toISOString().slice(0, 19).replace('T', ' '));
  return start.slice(0, 10) === end.slice(0, 10) ? `${start} to ${end.slice(11)}` : `${start} to ${end}`;
}

export function rowHeader({ panel, closed, count }, box) {
  const parts = [element('span', closed ? 'chevron closed' : 'chevron'), element('span', 'row-title', panel.title)];
  if (closed) parts.push(element('span', 'row-count', `(${count} panel${count === 1 ? '' : 's'})`));
  return element('div', 'row', parts, pixels(box));
}

/** The frame of a panel, and the room within it for what it shows. */
export function panelFrame({ title, description }, box) {
  const inside = element('div', 'inside');
  const head = element('div', 'panel-title', [
    element('h2', '', title),
    description ? element('span', 'hint', 'i') : null,
  ]);
  return { outside: element('section', 'panel', [head, inside], pixels(box)), inside };
}
