// Which words differ between two texts: a longest common subsequence of words, within a bound.

const MAX_CELLS = 4e6; // of the table of the subsequence; beyond it the middle of the texts counts as different

const words = (text) => text.match(/\s+|[\p{L}\p{M}\p{N}_]+|[^]/gu) || [];

/** Return [[kind, text], ...] that turns `before` into `after`: kind is 'same', 'removed' or 'added'. */
function diff(before, after) {
  const a = words(before);
  const b = words(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const parts = [];
  add(parts, 'same', a.slice(0, start));
  middle(parts, a.slice(start, a.length - end), b.slice(start, b.length - end));
  add(parts, 'same', a.slice(a.length - end));
  return parts.map(([kind, found]) => [kind, found.join('')]);
}

function add(parts, kind, found) {
  if (!found.length) return;
  const last = parts[parts.length - 1];
  if (last && last[0] === kind) for (const word of found) last[1].push(word);
  else parts.push([kind, [...found]]);
}

function middle(parts, a, b) {
  const n = a.length;
  const m = b.length;
  if (!n || !m || (n + 1) * (m + 1) > MAX_CELLS) {
    add(parts, 'removed', a);
    add(parts, 'added', b);
    return;
  }
  const width = m + 1;
  const longest = new Uint16Array((n + 1) * width); // lengths stay below 65,536: the smaller side is at most 2,000
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let j = m - 1; j >= 0; j -= 1) {
      longest[i * width + j] = a[i] === b[j]
        ? longest[(i + 1) * width + j + 1] + 1
        : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  let i = 0;
  let j = 0;
  while (i < n && j < m) {
    if (a[i] === b[j]) {
      add(parts, 'same', [a[i]]);
      i += 1;
      j += 1;
    } else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
      add(parts, 'removed', [a[i]]);
      i += 1;
    } else {
      add(parts, 'added', [b[j]]);
      j += 1;
    }
  }
  add(parts, 'removed', a.slice(i));
  add(parts, 'added', b.slice(j));
}
