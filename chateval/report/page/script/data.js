// The data of the page, unpacked when it is needed: columns at once, texts in the background, details one part at a time.

const index = JSON.parse(document.getElementById('data-index').textContent);
const columns = { n: 0 };
const questions = [];
const targets = [];
const texts = []; // by row: the answers by checkpoint
const haystacks = []; // by row: everything that the search looks at, in small letters
const opened = new Map(); // part -> details, the last few

async function unpack(name) {
  const element = document.getElementById(`data-${name}`);
  const packed = atob(element.textContent);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i += 1) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return JSON.parse(await new Response(stream).text());
}

/** Read the columns and work out, for each row, where its values start and how it flipped. */
async function readColumns() {
  Object.assign(columns, await unpack('columns'));
  columns.n = columns.id.length;
  columns.starts = new Int32Array(columns.n + 1);
  for (let row = 0; row < columns.n; row += 1) {
    columns.starts[row + 1] = columns.starts[row] + index.tasks[columns.task[row]].scorers.length;
  }
  columns.flipsOf = Array.from({ length: columns.n }, () => []);
  for (const [row, candidate, scorer, won, cause] of columns.flips) {
    columns.flipsOf[row].push({ candidate, scorer, won: won === 1, cause });
  }
  columns.places = new Map();
  columns.id.forEach((_, row) => columns.places.set(address(row), row));
}

/** Return the address of a row as it stands in a link: task/id, and the repeat where there are several. */
function address(row) {
  const repeat = columns.repeat[row] ? `/${columns.repeat[row]}` : '';
  return `${index.tasks[columns.task[row]].name}/${columns.id[row]}${repeat}`;
}

/** Return a checkpoint's value of a row by the place of the scorer in its task; null is unscored. */
function valueOf(row, checkpoint, scorer) {
  const value = columns.values[checkpoint][columns.starts[row] + scorer];
  return value === undefined ? null : value;
}

/** Read all texts, part by part, and say after each how far it is. */
async function readTexts(progress) {
  const n = Math.ceil(index.n / index.texts);
  for (let part = 0; part < n; part += 1) {
    const found = await unpack(`texts-${part}`);
    found.forEach(([question, target, answers], place) => {
      const row = part * index.texts + place;
      questions[row] = question;
      targets[row] = target;
      texts[row] = answers;
      const tags = columns.tags[row].map((tag) => index.tags[tag]);
      haystacks[row] = [columns.id[row], columns.cluster[row] ?? '', question, target, ...tags, ...answers.filter(Boolean)].join('\n').toLowerCase();
    });
    document.getElementById(`data-texts-${part}`).remove();
    progress(Math.min(columns.n, (part + 1) * index.texts));
  }
}

/** Return what is shown of an opened sample. */
async function details(row) {
  const part = Math.floor(row / index.details);
  if (!opened.has(part)) {
    if (opened.size >= 6) opened.delete(opened.keys().next().value);
    opened.set(part, unpack(`details-${part}`));
  }
  return (await opened.get(part))[row % index.details];
}

let pictures = null; // sha256 -> image, unpacked when a sample first shows one

/** Return the images of the page by their digests. */
function picturesOf() {
  if (pictures === null) pictures = document.getElementById('data-pictures') ? unpack('pictures') : Promise.resolve({});
  return pictures;
}
