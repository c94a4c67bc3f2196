// Which rows are shown, in which order: a pure function of the columns, the texts and what was asked for.

const FIELDS = ['q', 'task', 'scorer', 'candidate', 'flip', 'cause', 'tag', 'finish', 'verdict', 'ending', 'sort'];

/** Return the places of names in what was asked for, -1 where nothing was asked. */
function asked(state) {
  const place = (list, name) => (name ? list.indexOf(name) : -1);
  return {
    q: (state.q || '').trim().toLowerCase().split(/\s+/).filter(Boolean),
    task: place(index.tasks.map((task) => task.name), state.task),
    scorers: index.tasks.map((task) => (state.scorer ? task.scorers.indexOf(state.scorer) : -1)),
    scorer: state.scorer || '',
    candidate: place(index.checkpoints, state.candidate),
    flip: state.flip || '',
    cause: place(index.causes, state.cause),
    tag: place(index.tags, state.tag),
    finish: state.finish || '',
    verdict: place(index.verdicts, state.verdict),
    ending: place(index.endings, state.ending),
  };
}

/** Return the flips of a row that the filter is about. */
function flipsOf(row, want) {
  return columns.flipsOf[row].filter((flip) => (want.candidate < 0 || flip.candidate === want.candidate)
    && (!want.scorer || flip.scorer === want.scorers[columns.task[row]])
    && (want.cause < 0 || flip.cause === want.cause));
}

function hasFlip(row, want) {
  if (!want.flip && want.cause < 0) return true;
  const found = flipsOf(row, want);
  switch (want.flip) {
    case 'won': return found.some((flip) => flip.won);
    case 'lost': return found.some((flip) => !flip.won);
    case 'none': return !found.length;
    default: return found.length > 0;
  }
}

function hasFinish(row, want) {
  if (!want.finish) return true;
  if (want.candidate >= 0) return columns.finish[want.candidate][row] === want.finish;
  return columns.finish.some((finishes) => finishes[row] === want.finish);
}

/** Return whether the dialogue of the candidate, or of any checkpoint, ended so. */
function hasEnding(row, want) {
  if (want.ending < 0) return true;
  if (want.candidate >= 0) return columns.endings[want.candidate][row] === want.ending;
  return columns.endings.some((endings) => endings[row] === want.ending);
}

/** Return whether a scorer, or the one asked for, gave the verdict on the candidate's answer, or on any. */
function hasVerdict(row, want) {
  if (want.verdict < 0) return true;
  const start = columns.starts[row];
  const scorer = want.scorer ? want.scorers[columns.task[row]] : -1;
  const lists = want.candidate >= 0 ? [columns.verdicts[want.candidate]] : columns.verdicts;
  return lists.some((verdicts) => (scorer >= 0
    ? verdicts[start + scorer] === want.verdict
    : verdicts.slice(start, columns.starts[row + 1]).includes(want.verdict)));
}

/** Return the rows that were asked for, in order. */
function select(state) {
  const want = asked(state);
  const found = [];
  for (let row = 0; row < columns.n; row += 1) {
    const task = columns.task[row];
    if (want.task >= 0 && task !== want.task) continue;
    if (want.scorer && want.scorers[task] < 0) continue;
    if (want.tag >= 0 && !columns.tags[row].includes(want.tag)) continue;
    if (!hasFinish(row, want) || !hasFlip(row, want)) continue;
    if (!hasEnding(row, want) || !hasVerdict(row, want)) continue;
    if (want.q.length && !want.q.every((word) => (haystacks[row] || '').includes(word))) continue;
    found.push(row);
  }
  return sorted(found, state.sort, want);
}

function sorted(rows, by, want) {
  if (!by) return rows;
  const most = (lists, row) => Math.max(0, ...lists.map((list) => list[row] || 0));
  const key = {
    worst: (row) => Math.min(0, ...deltas(row, want)),
    best: (row) => -Math.max(0, ...deltas(row, want)),
    long: (row) => -most(columns.n_out, row),
    prompt: (row) => -most(columns.n_in, row),
  }[by];
  if (!key) return rows;
  const keys = new Map(rows.map((row) => [row, key(row)]));
  return rows.sort((a, b) => keys.get(a) - keys.get(b) || a - b);
}

/** Return the candidates' differences from the baseline, by the scorer asked for or the headline. */
function deltas(row, want) {
  const scorer = Math.max(0, want.scorers[columns.task[row]]);
  const before = valueOf(row, index.baseline, scorer);
  const found = [];
  for (let one = 0; one < index.checkpoints.length; one += 1) {
    const after = valueOf(row, one, scorer);
    if (before === null || after === null || (want.candidate >= 0 && one !== want.candidate)) continue;
    found.push(after - before);
  }
  return found;
}
