// One sample: what was asked in three forms, and the answers of all checkpoints side by side.

const panel = document.getElementById('sample');
let isMarked = true; // differences
let isRaw = false; // special tokens of the answers
let form = 'messages'; // of the prompt: messages, exact, ids
let shownPrompt = 0; // checkpoint whose prompt is shown
let shownRow = -1;

/** Show a row in the panel; nothing happens if another one was asked for meanwhile. */
async function open(row) {
  shownRow = row;
  const found = await details(row);
  if (shownRow !== row) return;
  if (!found.which.some((place) => place !== null)) form = 'messages';
  panel.replaceChildren(heading(row), about(row, found), answers(row, found), prompts(row, found));
  panel.hidden = false;
  highlight(state.q);
}

function heading(row) {
  const title = make('h2', '', visible(address(row)));
  const copy = button('copy link', async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      copy.textContent = 'copied';
    } catch {
      copy.textContent = 'see the address bar';
    }
  });
  const back = button('← list', () => go({ sample: '' }));
  back.className = 'back';
  return make('div', 'head', back, title, button('↑ k', () => step(-1), 'previous (k)'), button('↓ j', () => step(1), 'next (j)'), copy);
}

function about(row, detail) {
  const list = make('dl');
  const add = (name, ...nodes) => list.append(make('dt', '', name), make('dd', '', ...nodes));
  if (questions[row]) add('asked', block(questions[row]));
  add('target', block(detail.target ?? targets[row] ?? ''));
  if (detail.alternatives.length) add('also right', block(detail.alternatives.join('\n')));
  if (detail.choices.length) add('choices', choices(row, detail));
  if (columns.tags[row].length) add('tags', ...columns.tags[row].flatMap((tag) => [kind(index.tags[tag]), ' ']));
  if (columns.cluster[row] !== null) add('cluster', visible(columns.cluster[row]));
  for (const [scorer, flips] of Map.groupBy(columns.flipsOf[row], (flip) => flip.scorer)) {
    const nodes = flips.map(({ won, candidate, cause }) => make(
      'div', won ? 'won' : 'lost', `${won ? '▲ right only with' : '▼ no longer right with'} ${visible(index.checkpoints[candidate])} `,
      cause >= 0 ? kind(index.causes[cause]) : null,
    ));
    add(visible(index.tasks[columns.task[row]].scorers[scorer]), ...nodes);
  }
  return make('section', '', list);
}

const kind = (text) => make('span', 'kind', visible(text));

function choices(row, detail) {
  const table = make('table');
  const head = make('tr', '', make('th', '', 'choice'));
  const sums = index.checkpoints.map((_, checkpoint) => detail.answers[checkpoint]?.[4]);
  const shown = index.checkpoints.map((_, place) => place).filter((place) => sums[place]);
  for (const place of shown) head.append(make('th', 'number', `log p, ${visible(index.checkpoints[place])}`));
  table.append(make('thead', '', head));
  detail.choices.forEach((choice, at) => {
    const cells = shown.map((place) => make('td', 'number', sums[place][at] === null ? '–' : sums[place][at].toFixed(2)));
    table.append(make('tr', '', put(make('td'), choice), ...cells));
  });
  return make('div', 'scroll', table);
}

function prompts(row, detail) {
  const section = make('section', '', make('h3', '', 'Prompt'));
  const known = index.checkpoints.map((_, place) => place).filter((place) => (detail.which[place] ?? null) !== null);
  if (!known.length) {
    if (columns.lean.includes(row)) section.append(make('p', 'small', 'The prompt is left out of this page: the run is large and this sample did not flip.'));
    section.append(detail.messages.length ? messages(detail.messages) : block(questions[row] || ''));
    return section;
  }
  if (!known.includes(shownPrompt)) [shownPrompt] = known;
  const again = () => section.replaceWith(prompts(row, detail));
  const tabs = make('div', 'tabs');
  for (const [name, label] of [['messages', 'messages'], ['exact', 'exact text'], ['ids', 'ids']]) {
    const tab = button(label, () => { form = name; again(); });
    tab.setAttribute('aria-pressed', String(form === name));
    tab.dataset.form = name;
    tabs.append(tab);
  }
  const groups = new Map();
  for (const place of known) groups.set(detail.which[place], [...(groups.get(detail.which[place]) || []), place]);
  const names = (places) => places.map((place) => visible(index.checkpoints[place])).join(', ');
  if (groups.size === 1) tabs.append(make('span', 'small', `the same for ${names(known)}`));
  else {
    tabs.append(make('span', 'lost', 'prompts differ:'));
    for (const [which, places] of groups) {
      const pick = button(names(places), () => { [shownPrompt] = places; again(); });
      pick.setAttribute('aria-pressed', String(which === detail.which[shownPrompt]));
      tabs.append(pick);
    }
  }
  section.append(tabs, promptIn(form, row, detail));
  return section;
}

function promptIn(name, row, detail) {
  const [text, ids, own, findings, cut, error] = detail.prompts[detail.which[shownPrompt]];
  const box = make('div');
  if (error) box.append(put(make('p', 'lost'), error));
  if (cut) box.append(put(make('p', 'small'), `cut: ${cut}`));
  for (const [, , words] of findings) box.append(put(make('p', 'lost'), words));
  if (name === 'ids') box.append(make('p', 'small', `${ids.length.toLocaleString('en')} ids`), make('div', 'ids', ids.join(' ')));
  else if (name === 'messages') box.append(messages(own || detail.messages));
  else {
    const base = detail.which[index.baseline];
    const isOther = (base ?? null) !== null && base !== detail.which[shownPrompt];
    box.append(isOther && isMarked ? changed(detail.prompts[base][0], text, putExact) : faulty(text, findings));
  }
  if (name === 'messages' && detail.tools.length) box.append(make('p', 'small', 'tools'), block(JSON.stringify(detail.tools, null, 1)));
  return box;
}

/** Return the exact text with the places of findings outlined; offsets count code points. */
function faulty(text, findings) {
  const places = findings.filter(([offset, length]) => offset !== null && length > 0).sort((a, b) => a[0] - b[0]);
  if (!places.length) return block(text, putExact);
  const points = [...text];
  const node = make('pre', 'long');
  node.dir = 'auto';
  let end = 0;
  for (const [offset, length] of places) {
    if (offset < end) continue;
    putExact(node, points.slice(end, offset).join(''));
    node.append(putExact(make('mark', 'fault'), points.slice(offset, offset + length).join('')));
    end = offset + length;
  }
  return putExact(node, points.slice(end).join(''));
}

function messages(found) {
  const box = make('div');
  for (const message of found) {
    const { role, content, ...rest } = message;
    const extra = Object.keys(rest).length ? block(JSON.stringify(rest, null, 1)) : null;
    box.append(make('div', 'message', make('b', '', visible(role ?? '')), ...contentOf(content), extra));
  }
  return box;
}

function answers(row, detail) {
  const section = make('section');
  const again = () => section.replaceWith(answers(row, detail));
  const mark = button('mark differences', () => { isMarked = !isMarked; again(); }, 'against the baseline (d)');
  mark.setAttribute('aria-pressed', String(isMarked));
  const raw = button('special tokens', () => { isRaw = !isRaw; again(); });
  raw.setAttribute('aria-pressed', String(isRaw));
  const grid = make('div', 'answers');
  index.checkpoints.forEach((_, checkpoint) => grid.append(answer(row, checkpoint, detail)));
  section.append(make('h3', '', 'Answers'), make('div', 'tabs', mark, raw), grid);
  return section;
}

/** Return the whole answer of a checkpoint; null where there is none. */
function wholeText(row, checkpoint, detail) {
  const short = texts[row]?.[checkpoint] ?? null;
  return detail.answers[checkpoint]?.[0] ?? short;
}

function rawText(row, checkpoint, detail) {
  const text = wholeText(row, checkpoint, detail);
  const raw = detail.answers[checkpoint]?.[1];
  return raw ? (raw[0] ? text : '') + raw[1] : text;
}

function answer(row, checkpoint, detail) {
  const text = wholeText(row, checkpoint, detail);
  const finish = columns.finish[checkpoint][row];
  const n = columns.n_out[checkpoint][row];
  const title = make('h4', '', make('span', '', visible(index.checkpoints[checkpoint])));
  if (checkpoint === index.baseline) title.append(make('span', 'small', 'baseline'));
  if (finish) title.append(make('span', finish === 'length' || finish === 'error' ? 'badge fail' : 'badge', finish));
  if (n !== null) title.append(make('span', 'small', `${n} tokens`));
  const box = make('div', 'answer', title, scores(row, checkpoint, detail, text));
  box.id = `answer-${checkpoint + 1}`;
  box.tabIndex = -1;
  const isKept = columns.finish[checkpoint].some((one) => one !== null);
  if (text === null) box.append(make('p', 'small', isKept ? 'no answer' : 'a baseline file or a table of scores keeps no answers'));
  else if (detail.dialogues?.[checkpoint]) {
    const error = detail.answers[checkpoint]?.[3];
    if (error) box.append(put(make('p', 'lost'), error));
    box.append(conversation(detail.dialogues[checkpoint], isRaw));
  } else if (isRaw) box.append(block(rawText(row, checkpoint, detail), putExact));
  else {
    const thought = detail.thoughts?.[checkpoint];
    if (thought) {
      box.append(thinking(thought.text, thought.n_tokens === null ? '' : `, ${thought.n_tokens.toLocaleString('en')} tokens`));
      if (thought.is_incomplete) box.append(make('p', 'small lost', 'incomplete: it ends inside its thinking'));
    }
    const before = wholeText(row, index.baseline, detail);
    const isOther = isMarked && checkpoint !== index.baseline && before !== null && before !== text;
    box.append(isOther ? changed(before, text) : block(text));
    if (checkpoint !== index.baseline && before === text) box.append(make('p', 'small', 'the same as the baseline'));
  }
  const judged = judgements(detail.judgements?.[checkpoint]);
  if (judged) box.append(judged);
  const ids = detail.answers[checkpoint]?.[2];
  if (ids?.length) box.append(make('details', '', make('summary', 'small', 'ids'), make('div', 'ids', ids.join(' '))));
  return box;
}

const LIKE = 0.25; // share of the longer text that two texts have in common before differences are worth marking

/** Return a text with what is otherwise than in another one marked; very long ones are shown unmarked. */
function changed(before, after, fill = put) {
  if (before.length > SHOWN || after.length > SHOWN) return block(after, fill);
  const parts = diff(before, after);
  const same = parts.reduce((sum, [type, text]) => sum + (type === 'same' ? text.trim().length : 0), 0);
  if (same < LIKE * Math.max(before.length, after.length)) {
    return make('div', '', block(after, fill), make('p', 'small', 'shares too little with the baseline to mark differences'));
  }
  const node = make('pre', 'long');
  node.dir = 'auto';
  for (const [type, text] of parts) {
    if (type === 'same') fill(node, text);
    else node.append(fill(make(type === 'added' ? 'ins' : 'del', type), text));
  }
  return node;
}

const FOUND = 160; // characters that are shown of what a scorer found in an answer

function scores(row, checkpoint, detail, text) {
  const table = make('table');
  index.tasks[columns.task[row]].scorers.forEach((name, scorer) => {
    const mark = detail.marks[checkpoint]?.[scorer];
    if (!mark) return;
    const [extracted, reason] = mark;
    const cell = make('td', 'small');
    if (typeof extracted === 'string' && extracted.trim() !== (text ?? '').trim()) {
      const shown = extracted.length > FOUND ? `${extracted.slice(0, FOUND)} …` : extracted;
      cell.append('found ', put(make('mark', 'found'), shown), ' ');
    }
    if (reason) put(cell, reason.length > 600 ? `${reason.slice(0, 600)} …` : reason);
    table.append(make('tr', '', make('td', '', visible(name)), make('td', 'number', worth(valueOf(row, checkpoint, scorer))), cell));
  });
  return table;
}
