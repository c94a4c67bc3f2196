// Text of others as nodes: always by textContent, with what cannot be seen spelt out and special tokens marked.

const UNSEEN = '\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f'
  + '\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}\\p{Cs}';
const HIDDEN = new RegExp(`[${UNSEEN}]`, 'gu');

/** Return a new element with a class and children; strings become text, never markup. */
function make(tag, name = '', ...children) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Return a button that does something when it is pressed. */
function button(label, action, title = '') {
  const node = make('button', '', label);
  node.type = 'button';
  if (title) node.title = title;
  node.addEventListener('click', action);
  return node;
}

function spelt(character) {
  const code = character.codePointAt(0);
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Return text with what acts on its surroundings or hides spelt out, as the reports in text have it. */
const visible = (text) => String(text).replace(HIDDEN, spelt);

let special = null; // a pattern of the special tokens of all checkpoints, once the data is read

/** Take the special tokens that the tokenizers name; markers of other dialects are found by their form. */
function nameSpecial(tokens) {
  const known = tokens.map((token) => token.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  const forms = ['<[|｜][^<>|｜\\s]{1,40}[|｜]>', '</?s>', '\\[/?INST\\]', '<</?SYS>>', '<(?:start|end)_of_turn>', '<[be]os>'];
  special = new RegExp([...known, ...forms].join('|'), 'gu');
}

/** Append text to a node, hidden characters spelt out and marked. */
function put(node, text) {
  let end = 0;
  for (const found of text.matchAll(HIDDEN)) {
    if (found.index > end) node.append(text.slice(end, found.index));
    node.append(make('mark', 'unseen', spelt(found[0])));
    end = found.index + found[0].length;
  }
  if (end < text.length) node.append(text.slice(end));
  return node;
}

/** Append text as the model saw it: special tokens marked, ends of lines shown. */
function putExact(node, text) {
  let end = 0;
  for (const found of text.matchAll(special)) {
    if (found[0] === '') continue;
    putLines(node, text.slice(end, found.index));
    node.append(put(make('mark', 'special'), found[0]));
    end = found.index + found[0].length;
  }
  return putLines(node, text.slice(end));
}

function putLines(node, text) {
  const lines = text.split('\n');
  lines.forEach((line, place) => {
    put(node, line);
    if (place < lines.length - 1) {
      const end = make('span', 'line-end', '↵');
      end.setAttribute('aria-hidden', 'true');
      node.append(end, '\n');
    }
  });
  return node;
}

const SHOWN = 20000; // characters of a text that are shown before someone asks for the rest

/** Return a block of text; a long one is cut, with a button for the rest. `fill` puts text into a node. */
function block(text, fill = put) {
  const node = make('pre', 'long');
  node.dir = 'auto';
  node.tabIndex = 0;
  if (text.length <= SHOWN) {
    fill(node, text);
    return node;
  }
  fill(node, text.slice(0, SHOWN));
  const rest = text.length - SHOWN;
  const more = button(`show ${rest.toLocaleString('en')} more characters`, () => {
    more.remove();
    fill(node, text.slice(SHOWN));
  });
  return make('div', '', node, more);
}

/** Mark the words of a search in the sample that is open, without touching its nodes. */
function highlight(query) {
  if (!globalThis.Highlight) return;
  const wanted = (query || '').toLowerCase().split(/\s+/).filter(Boolean);
  const ranges = [];
  const walker = document.createTreeWalker(document.getElementById('sample'), NodeFilter.SHOW_TEXT);
  while (wanted.length && walker.nextNode()) {
    const node = walker.currentNode;
    const text = node.data.toLowerCase();
    if (text.length !== node.length) continue; // small letters of some scripts are longer
    for (const word of wanted) {
      for (let at = text.indexOf(word); at >= 0 && ranges.length < 1000; at = text.indexOf(word, at + word.length)) {
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + word.length);
        ranges.push(range);
      }
    }
  }
  CSS.highlights.set('search', new Highlight(...ranges));
}
