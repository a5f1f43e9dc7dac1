// Where each panel stands: Grafana's grid, with its gravity and its rows.

/** Panels and rows with their place in cells; the panels of closed rows only with `openRows`. */
export function layOut(panels, openRows) {
  const placed = [];
  for (const panel of inOrder(panels)) {
    const closed = Boolean(panel.collapsed) && !openRows;
    drop(placed, panel, closed);
    if (!closed) for (const one of inOrder(panel.panels ?? [])) drop(placed, one, false);
  }
  return placed;
}

function inOrder(panels) {
  return [...panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
}

// A panel falls up until it meets another, as in Grafana: that also closes the gap of a closed row. A row is as wide as
// the page, and nothing after it goes above it.
function drop(placed, panel, closed) {
  const { x, w, h } = panel.gridPos;
  const above = placed.filter(({ grid }) => grid.x < x + w && x < grid.x + grid.w);
  const y = Math.max(0, ...above.map(({ grid }) => grid.y + grid.h));
  placed.push({ panel, closed, grid: { x, y, w, h } });
}
