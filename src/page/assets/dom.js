// Small ways into the document. Text is always text: nothing that was read is ever taken for markup.

const byId = (id) => document.getElementById(id);

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Writes a figure for people, and in full for programs. */
function setFigure(node, value, text) {
  const full = value === null ? '' : String(value);
  if (node.dataset.value !== full) node.dataset.value = full;
  setText(node, text);
}

function figureIn(host, name) {
  return host.querySelector(`[data-figure="${name}"]`);
}
