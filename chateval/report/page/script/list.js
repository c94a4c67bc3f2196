// The list of the samples found: only the lines in sight are in the document, however many there are.

let height = 58; // of a line: what the longest one takes at this width
const AROUND = 8; // lines beside those in sight

const list = document.getElementById('list');
const rail = document.getElementById('rail');
let found = []; // rows, in the order shown
let chosen = -1; // row
let drawing = 0;

/** Show these rows; the list goes back to its top unless the sample that is open is among them. */
function show(rows) {
  found = rows;
  measure();
  if (rows.includes(chosen)) reveal();
  else list.scrollTop = 0;
  draw();
}

/** Find how high a line must be for the names and values of all checkpoints. */
function measure() {
  const values = make('div', 'values', make('b', '', longest(index.tasks.flatMap((task) => task.scorers))));
  for (const name of index.checkpoints) values.append(make('span', '', `▲ ${visible(name)} 0.00`));
  const probe = make('div', 'item', make('div', '', 'x'), values);
  rail.replaceChildren(probe);
  height = probe.offsetHeight || height;
  rail.style.height = `${found.length * height}px`;
}

const longest = (names) => visible(names.reduce((one, other) => (other.length > one.length ? other : one), ''));

/** Mark a row as the one that is open, and bring it into sight. */
function choose(row) {
  chosen = row;
  reveal();
  draw();
}

function reveal() {
  const place = found.indexOf(chosen);
  if (place < 0) return;
  const top = place * height;
  if (top < list.scrollTop || top + height > list.scrollTop + list.clientHeight) {
    list.scrollTop = Math.max(0, top - list.clientHeight / 3);
  }
}

function draw() {
  cancelAnimationFrame(drawing);
  drawing = 0;
  const first = Math.max(0, Math.floor(list.scrollTop / height) - AROUND);
  const last = Math.min(found.length, Math.ceil((list.scrollTop + (list.clientHeight || 600)) / height) + AROUND);
  const want = asked(state);
  const items = [];
  for (let place = first; place < last; place += 1) items.push(line(found[place], place, want));
  rail.replaceChildren(...items);
  if (found.includes(chosen)) list.setAttribute('aria-activedescendant', `row-${chosen}`);
  else list.removeAttribute('aria-activedescendant');
}

function line(row, place, want) {
  const task = index.tasks[columns.task[row]];
  const scorer = Math.max(0, want.scorers[columns.task[row]]);
  const item = make('div', 'item');
  item.id = `row-${row}`;
  item.style.top = `${place * height}px`;
  item.style.height = `${height}px`;
  item.setAttribute('role', 'option');
  item.setAttribute('aria-selected', String(row === chosen));
  item.setAttribute('aria-posinset', String(place + 1));
  item.setAttribute('aria-setsize', String(found.length));
  const title = make('div');
  title.dir = 'auto';
  const question = (questions[row] || columns.id[row]).slice(0, 200).replace(/\s+/g, ' ');
  const values = make('div', 'values', make('b', '', visible(task.scorers[scorer] || task.name)));
  index.checkpoints.forEach((name, checkpoint) => {
    const flip = columns.flipsOf[row].find((one) => one.candidate === checkpoint && one.scorer === scorer);
    const mark = flip ? (flip.won ? '▲ ' : '▼ ') : '';
    values.append(make('span', flip ? (flip.won ? 'won' : 'lost') : '', `${mark}${visible(name)} ${worth(valueOf(row, checkpoint, scorer))}`));
  });
  item.append(put(title, question), values);
  item.addEventListener('click', () => go({ sample: address(row) }));
  return item;
}

/** Return a value in few characters; a dash is unscored. */
const worth = (value) => (value === null ? '–' : Number.isInteger(value) ? String(value) : value.toFixed(2));

list.addEventListener('scroll', () => {
  if (!drawing) drawing = requestAnimationFrame(draw);
});
window.addEventListener('resize', () => {
  measure();
  draw();
});
