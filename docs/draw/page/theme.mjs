// Grafana's dark theme, from Grafana's own library, and the making of elements.

import { createTheme } from '@grafana/data';

export const theme = createTheme({ colors: { mode: 'dark' } });

export const FONT = 'Inter, "Inter Variable", Helvetica, Arial, sans-serif';

/** A colour by Grafana's name for it, or as it is. */
export const color = (name) => theme.visualization.getColorByName(name);

const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

/** The colour with this opacity. */
export function faded(name, opacity) {
  probe.fillStyle = color(name);
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  return `rgba(${r}, ${g}, ${b}, ${opacity})`;
}

export function textWidth(text, font) {
  probe.font = font;
  return probe.measureText(text).width;
}

/** An element with a class, text or children, and styles. */
export function element(kind, className, content, style) {
  const it = document.createElement(kind);
  if (className) it.className = className;
  if (Array.isArray(content)) it.append(...content.filter(Boolean));
  else if (content !== undefined) it.textContent = content;
  Object.assign(it.style, style);
  return it;
}
