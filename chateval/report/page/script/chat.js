// What a dialogue, a judge or an image is shown as. All of it is text of others: nodes and textContent, no markup.

const ERROR = /^\s*(?:\{\s*"error"|error\b)/i;

/** Return a block that is folded, under a line of words. */
const folded = (words, ...nodes) => make('details', 'inner', make('summary', 'small', words), ...nodes);

/** Return the thinking before an answer, folded; null where there is none. */
function thinking(text, words = '') {
  return text ? folded(`thinking, ${text.length.toLocaleString('en')} characters${words}`, block(text)) : null;
}

const IMAGE = /^image\/(?:png|jpeg|gif|webp|bmp)$/;

/** Return an image of the page, or what it is and why the page does not show it. */
function picture(sha256) {
  const box = make('figure', '');
  picturesOf().then((known) => {
    const found = Object.hasOwn(known, sha256) ? known[sha256] : null;
    if (!found) return box.append(make('span', 'small', `image ${visible(sha256).slice(0, 12)}, not in this page`));
    const words = `${visible(found.kind)}, ${found.width} × ${found.height} pixels`;
    if (!found.data || !IMAGE.test(found.kind)) {
      return box.append(make('span', 'small', `image (${words}) is left out: ${visible(found.why)}`));
    }
    const image = make('img');
    image.alt = `image of the prompt, ${words}`;
    image.src = `data:${found.kind};base64,${found.data}`;
    return box.append(image, make('figcaption', 'small', words));
  });
  return box;
}

/** Return the content of a message: text, images, and parts of other kinds as JSON. */
function contentOf(content) {
  if (typeof content === 'string') return [block(content)];
  if (!Array.isArray(content)) return [block(JSON.stringify(content ?? null, null, 1))];
  return content.map((part) => {
    if (typeof part?.text === 'string') return block(part.text);
    if (part?.type === 'image' && typeof part.sha256 === 'string') return picture(part.sha256);
    return block(JSON.stringify(part ?? null, null, 1));
  });
}

function said(message) {
  const { role, content, name, tool_call_id: id, ...rest } = message;
  const isFault = role === 'tool' && typeof content === 'string' && ERROR.test(content);
  const title = make('b', '', visible(role === 'tool' ? `result of ${name ?? id ?? 'a call'}` : role ?? ''));
  const extra = Object.keys(rest).length ? block(JSON.stringify(rest, null, 1)) : null;
  return make('div', `message ${role === 'tool' ? 'result' : ''}`, title, isFault ? badge('error') : null, ...contentOf(content), extra);
}

const badge = (text) => make('span', 'badge fail', visible(text));

function called(text) {
  let call = null;
  try { call = JSON.parse(text); } catch { /* cut, or no JSON: shown as it is */ }
  const name = typeof call?.name === 'string' ? call.name : 'call';
  const given = call ? JSON.stringify(call.arguments ?? null, null, 1) : text;
  return make('div', 'message call', make('b', '', `calls ${visible(name)}`), block(given));
}

function roundOf(one, place, isRaw) {
  const head = make('div', 'small', `round ${place + 1}: ${one.n_in} tokens in, ${one.n_out} out, ${visible(one.finish)}`);
  const lost = one.n_cut ? make('p', 'small lost', `${one.n_cut} messages of the history were cut before this round`) : null;
  const told = (one.told || []).map(said);
  if (one.told && one.n_told > told.length) told.push(make('p', 'small', `${one.n_told - told.length} more messages in responses.jsonl`));
  const text = isRaw ? block(one.raw ?? one.text, putExact) : make('div', '', thinking(one.thought), one.text || !one.thought ? block(one.text) : null);
  const fault = one.fault ? put(make('p', 'small lost'), `a call that could not be read: ${one.fault}`) : null;
  const answered = make('div', 'message said', make('b', '', 'assistant'), text, fault);
  return make('div', 'round', head, ...told, lost, answered, ...one.calls.map(called));
}

/** Return a dialogue as a conversation: what was said, called and returned, how it ended, and the world after it. */
function conversation(found, isRaw) {
  const box = make('div', 'long conversation');
  box.tabIndex = 0;
  box.append(...found.rounds.map((one, place) => roundOf(one, place, isRaw)));
  if (found.n_rounds > found.rounds.length) {
    box.append(make('p', 'small', `${found.n_rounds - found.rounds.length} more rounds in responses.jsonl`));
  }
  const failed = found.n_failed ? `, ${found.n_failed} calls failed` : '';
  const isWhole = found.ending === 'answered';
  const end = make('p', 'small', 'ended: ', make('span', isWhole ? 'badge' : 'badge fail', visible(found.ending)), failed);
  const state = found.state === null ? null : folded('the world after the last call', block(indented(found.state)));
  const before = found.before === null || found.before === found.state ? null : folded('the world before', block(indented(found.before)));
  return make('div', '', box, end, before, state);
}

function indented(text) {
  try { return JSON.stringify(JSON.parse(text), null, 1); } catch { return text; }
}

/** Return what judges said of an answer. */
function judgements(found) {
  if (!found?.length) return null;
  return make('div', 'judgements', ...found.map((one) => {
    const where = one.position ? `, shown ${one.position}${one.against ? ` against ${one.against}` : ''}` : '';
    const words = visible(`${one.judge} on ${one.scorer}${where}${one.finish === 'length' ? ', cut' : ''}`);
    return folded(`judge ${words}`, one.error ? put(make('p', 'lost'), one.error) : null, one.text || !one.error ? block(one.text) : null);
  }));
}
