// What is asked for lives in the address: filters and the open sample. Keys, theme, and the two views.

const byId = (name) => document.getElementById(name);
let state = {};
let isReady = false;

/** Read the address: `#samples?task=...&sample=task/id`, or the name of a part of the overview. */
function readAddress() {
  const [view, query = ''] = location.hash.slice(1).split('?');
  const given = new URLSearchParams(query);
  state = Object.fromEntries([...FIELDS, 'sample'].map((name) => [name, given.get(name) || '']));
  state.isSamples = view === 'samples';
}

function writeAddress(isNew) {
  const query = new URLSearchParams();
  for (const name of [...FIELDS, 'sample']) if (state[name]) query.set(name, state[name]);
  const hash = `#samples${query.size ? `?${query}` : ''}`;
  if (hash === location.hash) return;
  if (isNew) history.pushState(null, '', hash);
  else history.replaceState(null, '', hash);
}

/** Ask for something else: filters, or a sample. */
function go(wish) {
  const isNew = 'sample' in wish && Boolean(wish.sample) !== Boolean(state.sample);
  Object.assign(state, wish, { isSamples: true });
  writeAddress(isNew);
  render();
}

function render() {
  byId('overview').hidden = state.isSamples;
  byId('samples').hidden = !state.isSamples;
  byId(state.isSamples ? 'to-samples' : 'to-overview').setAttribute('aria-current', 'page');
  byId(state.isSamples ? 'to-overview' : 'to-samples').removeAttribute('aria-current');
  if (!state.isSamples || !isReady) return;
  fillForm();
  const start = performance.now();
  const rows = select(state);
  show(rows);
  const took = Math.round(performance.now() - start);
  byId('samples').dataset.milliseconds = String(took);
  say(`${rows.length.toLocaleString('en')} of ${columns.n.toLocaleString('en')} samples`);
  const row = state.sample ? columns.places.get(state.sample) : undefined;
  document.body.classList.toggle('has-sample', row !== undefined);
  byId('hint').hidden = row !== undefined;
  if (state.sample && row === undefined) say(`no sample ${visible(state.sample)} in this report`);
  if (row === undefined) {
    panel.hidden = true;
    shownRow = -1;
    choose(-1);
  } else if (row !== shownRow) {
    choose(row);
    open(row);
  } else highlight(state.q);
}

let unread = '';
function say(words) {
  byId('status').textContent = unread ? `${words}; ${unread}` : words;
}

function fillForm() {
  const task = index.tasks.find((one) => one.name === state.task);
  const scorers = [...new Set((task ? [task] : index.tasks).flatMap((one) => one.scorers))];
  if (state.scorer && !scorers.includes(state.scorer)) state.scorer = '';
  fill('task', index.tasks.map((one) => one.name), 'all');
  fill('scorer', scorers, 'headline');
  fill('candidate', index.checkpoints.filter((_, place) => place !== index.baseline), 'any');
  fill('cause', index.causes, 'any');
  fill('tag', index.tags, 'any');
  fill('verdict', index.verdicts, 'any');
  fill('ending', index.endings, 'any');
  for (const name of FIELDS) if (byId(`f-${name}`).value !== state[name]) byId(`f-${name}`).value = state[name];
}

function fill(name, values, none) {
  const select = byId(`f-${name}`);
  const wanted = ['', ...values];
  if (select.options.length !== wanted.length || [...select.options].some((option, i) => option.value !== wanted[i])) {
    select.replaceChildren(...wanted.map((value) => new Option(value === '' ? none : visible(value), value)));
  }
  select.parentElement.hidden = !values.length;
}

/** Open the next sample of the list, or the one before. */
function step(by) {
  if (!found.length) return;
  const place = found.indexOf(shownRow);
  const next = place < 0 ? 0 : Math.min(found.length - 1, Math.max(0, place + by));
  go({ sample: address(found[next]) });
  window.scrollTo({ top: 0, behavior: 'instant' });
}

const press = (selector) => panel.querySelector(selector)?.click();
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  '/': () => { go({}); byId('f-q').focus(); },
  '?': () => byId('help').showModal(),
  o: () => { location.hash = '#overview'; },
  s: () => go({}),
  d: () => press('button[title*="(d)"]'),
  m: () => press('[data-form=messages]'),
  x: () => press('[data-form=exact]'),
  i: () => press('[data-form=ids]'),
};

document.addEventListener('keydown', (event) => {
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName || '');
  if (event.ctrlKey || event.metaKey || event.altKey || byId('help').open) return;
  if (event.key === 'Escape') {
    if (isTyping) document.activeElement.blur();
    else if (state.isSamples && state.sample) go({ sample: '' });
  } else if (!isTyping && /^[1-9]$/.test(event.key)) {
    const box = byId(`answer-${event.key}`);
    box?.scrollIntoView({ block: 'nearest' });
    box?.focus();
  } else if (!isTyping && Object.hasOwn(KEYS, event.key)) {
    event.preventDefault();
    KEYS[event.key]();
  }
});
list.addEventListener('keydown', (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by) {
    event.preventDefault();
    step(by);
  }
});

const THEMES = ['system', 'light', 'dark'];
function useTheme(name) {
  if (name === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  byId('theme').textContent = `theme: ${name}`;
}
let theme = 0;
byId('theme').addEventListener('click', () => {
  theme = (theme + 1) % THEMES.length;
  useTheme(THEMES[theme]);
});
byId('help-button').addEventListener('click', () => byId('help').showModal());

for (const name of FIELDS) byId(`f-${name}`).addEventListener('input', (event) => go({ [name]: event.target.value }));
byId('filters').addEventListener('submit', (event) => event.preventDefault());
byId('filters').addEventListener('reset', (event) => {
  event.preventDefault();
  go(Object.fromEntries(FIELDS.map((name) => [name, ''])));
});
for (const code of document.querySelectorAll('code[data-sample]')) {
  if (!index.n) break;
  const link = make('a', '', 'open in the browser of samples');
  link.href = `#samples?${new URLSearchParams({ sample: `${code.dataset.task}/${code.dataset.sample}` })}`;
  code.after(' ', link);
}
window.addEventListener('hashchange', () => { readAddress(); render(); });
window.addEventListener('popstate', () => { readAddress(); render(); });

nameSpecial(index.special);
readAddress();
render();
try {
  await readColumns();
  isReady = true;
  render();
  await readTexts((n) => {
    unread = n < columns.n ? `texts of ${n.toLocaleString('en')} unpacked` : '';
    if (state.isSamples) say(`${found.length.toLocaleString('en')} of ${columns.n.toLocaleString('en')} samples`);
  });
  shownRow = -1;
  render();
  document.body.dataset.ready = 'true';
} catch (error) {
  say(`The data of this page could not be unpacked: ${error.message}`);
}
