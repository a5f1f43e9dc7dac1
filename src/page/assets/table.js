// A table that sorts by its headers, is filtered from outside, and redraws only what changed.
//
// Each row is a grid of its own, so that the browser lays out and paints the rows in view alone; the roles say what the
// elements would without that.

const ROWS_DRAWN = 200;
const collator = new Intl.Collator('en', { numeric: true });

/** A text that may be broken behind `_` and `/`. */
function breakable(text) {
  return text.split(/(?<=[_/])/).flatMap((part, i) => (i > 0 ? [element('wbr'), part] : [part]));
}

class DataTable {
  #table;
  #rows = new Map();
  #sorted = { column: 0, descending: false };
  #more;
  #attribute;
  #onSort;
  columns = [];

  /** `attribute`: the data attribute that names a row; `more`: where to say how many rows are not drawn. */
  constructor(id, { attribute, more, onSort }) {
    this.#table = byId(id);
    this.#attribute = attribute;
    this.#more = byId(more);
    this.#onSort = onSort;
    this.#table.setAttribute('role', 'table');
    for (const group of [this.#table.tHead, this.#table.tBodies[0]]) group.setAttribute('role', 'rowgroup');
  }

  /** Columns: `{ title, says, figure, numeric, name, wide, width: [least, share], cell(item) → { text, value, over } }`,
   * sorted by `column` at first. The reader's order stays if the titles are the same. */
  setColumns(columns, column) {
    const same = columns.length === this.columns.length && columns.every(({ title }, i) => title === this.columns[i].title);
    this.columns = columns;
    if (same) return;
    this.#sorted = { column, descending: Boolean(columns[column].numeric) };
    this.#rows.clear();
    this.#table.tBodies[0].replaceChildren();
    const widths = columns.map(({ numeric, wide, width }) => width ?? (numeric ? [5.4, 1] : wide ? [11, 3] : [6, 1]));
    this.#table.style.setProperty('--columns', widths.map(([least, share]) => `minmax(${least}rem, ${share}fr)`).join(' '));
    this.#table.style.minWidth = `${widths.reduce((sum, [least]) => sum + least, 0)}rem`;
    const head = columns.map(({ title, says, numeric }, i) => {
      const arrow = element('span', { class: 'arrow', 'aria-hidden': 'true' });
      const button = element('button', { type: 'button', ...(says && { title: says }) }, title, arrow);
      button.addEventListener('click', () => this.#sort(i));
      return element('th', { scope: 'col', role: 'columnheader', ...(numeric && { class: 'number' }) }, button);
    });
    this.#table.tHead.replaceChildren(element('tr', { role: 'row' }, ...head));
    this.#showOrder();
  }

  #sort(column) {
    const same = this.#sorted.column === column;
    this.#sorted = { column, descending: same ? !this.#sorted.descending : Boolean(this.columns[column].numeric) };
    this.#showOrder();
    this.#onSort();
  }

  #showOrder() {
    const { column, descending } = this.#sorted;
    [...this.#table.tHead.rows[0].cells].forEach((cell, i) => {
      if (i === column) cell.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      else cell.removeAttribute('aria-sort');
    });
  }

  #order(items) {
    const { column, descending } = this.#sorted;
    const { cell } = this.columns[column];
    const keyed = items.map((item) => ({ item, value: cell(item).value }));
    keyed.sort((a, b) => {
      const none = (a.value === null) - (b.value === null);
      if (none !== 0) return none;
      const by = typeof a.value === 'string' ? collator.compare(a.value, b.value) : (a.value ?? 0) - (b.value ?? 0);
      return (descending ? -by : by) || (b.item.busy ?? 0) - (a.item.busy ?? 0) || collator.compare(a.item.name, b.item.name);
    });
    return keyed.map(({ item }) => item);
  }

  /** Draws the first of the items, which have a `name` and a `key`, in slices; `noun` is what they are. Of equal ones those that
   * are more `busy` stand first. */
  async draw(items, noun, filtered = false) {
    const drawn = this.#order(items).slice(0, ROWS_DRAWN);
    const body = this.#table.tBodies[0];
    const kept = new Set(drawn.map(({ key }) => key));
    for (const [key, row] of this.#rows) {
      if (kept.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    let place = body.firstElementChild;
    for (const item of drawn) {
      let row = this.#rows.get(item.key);
      if (!row) this.#rows.set(item.key, (row = this.#newRow(item)));
      if (row === place) place = place.nextElementSibling;
      else body.insertBefore(row, place);
      this.#fill(row, item);
      if (sliceIsOver()) await nextSlice();
    }
    const more = items.length - drawn.length;
    const words = more > 0 ? `${formatCount(more)} more ${noun}: filter to see them.` : items.length === 0 && filtered ? 'none matches' : '';
    setText(this.#more, words);
    this.#more.hidden = words === '';
  }

  #newRow(item) {
    const cells = this.columns.map(({ figure, numeric, name, code, wide, cell: read }) => {
      const cell = element(name ? 'th' : 'td', name ? { scope: 'row', role: 'rowheader' } : { role: 'cell' });
      if (numeric || wide) cell.className = numeric ? 'number' : 'wide';
      if (figure) cell.dataset.figure = figure;
      // Each value in a direction of its own: a mark for right-to-left in one does not turn the row around.
      if (numeric) cell.append(element('span'), element('span', { class: 'unseen' }));
      else cell.append(element(code ? 'code' : 'bdi', {}, ...breakable(read(item).text)));
      return cell;
    });
    const row = element('tr', { role: 'row' }, ...cells);
    row.dataset[this.#attribute] = item.name;
    return row;
  }

  #fill(row, item) {
    if (row.classList.contains('over') !== Boolean(item.over)) row.classList.toggle('over', item.over);
    this.columns.forEach(({ cell, numeric }, i) => {
      const { text, value, over } = cell(item);
      const node = row.cells[i];
      if (!numeric) {
        setText(node.firstChild, text);
        return;
      }
      const full = value === null ? '' : String(value);
      if (node.dataset.value !== full) node.dataset.value = full;
      setText(node.firstChild, over ? `▲ ${text}` : text);
      const why = over || '';
      if (node.title === why) return;
      node.classList.toggle('over', why !== '');
      node.title = why;
      // Also for who does not see the mark.
      setText(node.lastChild, why && `, ${why}`);
    });
  }
}
