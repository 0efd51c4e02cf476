import { Card, toCsv } from './results.js';

const by = id => document.getElementById(id);
const maximumPhotos = 200;
const uploads = 2;
const cards = [];
const waiting = [];
let running = 0;
let info = null;

// --- the service -----------------------------------------------------------------------------------------------------

async function refresh() {
  try {
    info = await (await fetch('info')).json();
  } catch {
    info = null;
  }
  showService();
  if (!info || info.state === 'loading') {
    setTimeout(refresh, 1500);
  }
}

function showService() {
  const state = by('state');
  const kind = !info ? 'failed' : info.state === 'ready' && info.reason ? 'degraded' : info.state;
  state.dataset.state = kind;
  state.textContent = { ready: 'Ready', degraded: 'Random weights', loading: 'Loading the model', failed: info ? 'Not ready' : 'No connection' }[kind];
  by('notice').hidden = kind === 'ready' || kind === 'loading';
  by('notice').textContent = info ? info.reason ?? '' : 'The service does not answer. Is it running?';
  if (!info) {
    return;
  }
  by('limits').textContent = `PNG, JPEG, WebP, BMP or GIF, up to ${megabytes(info.maximumFileBytes)} and ${Math.round(info.maximumPixels / 1e6)} megapixels each`;
  by('about').textContent = info.method ? `${info.method} on ${info.device}.` : '';
  const threshold = by('threshold');
  if (info.threshold !== null && info.threshold !== undefined) {
    threshold.disabled = true;
    threshold.value = info.threshold.toFixed(3);
    by('threshold-hint').textContent = `Of the calibration that is configured (${info.thresholdStrategy}).`;
    by('class').placeholder = info.className ?? 'object';
  }
}

const megabytes = (bytes, digits = 1) => (bytes >= 1e6 ? `${+(bytes / 1e6).toFixed(digits)} MB` : `${+(bytes / 1e3).toFixed(digits)} kB`);

const ownThreshold = () => {
  const input = by('threshold');
  return input.disabled || input.value === '' || !input.checkValidity() ? null : Number(input.value);
};

// --- photos in ------------------------------------------------------------------------------------------------------

function add(files, folders = []) {
  by('results').hidden = false;
  for (const folder of folders) {
    track(new Card(folder, null)).fail('This is a folder. Drop the photos inside it.');
  }
  for (const [index, file] of [...files].entries()) {
    if (index >= maximumPhotos) {
      track(new Card(`${files.length - index} more files`, null)).fail(`The page takes ${maximumPhotos} photos at a time. Add these afterwards.`);
      break;
    }
    const card = track(new Card(file.name, file));
    const fault = faultOf(file);
    if (fault) {
      card.fail(fault);
    } else {
      waiting.push({ card, file, className: by('class').value.trim() });
    }
  }
  update();
  next();
}

const track = card => {
  cards.push(card);
  return card;
};

// What shows without the service; the rest is found there.
function faultOf(file) {
  return file.size === 0 ? 'The file is empty (0 bytes).'
    : info && file.size > info.maximumFileBytes
      ? `The file has ${megabytes(file.size, file.size < info.maximumFileBytes * 1.1 ? 6 : 1)}; the service takes up to ${megabytes(info.maximumFileBytes)}. Choose a smaller one.`
      : null;
}

// --- detection ------------------------------------------------------------------------------------------------------

function next() {
  while (running < uploads && waiting.length > 0) {
    running++;
    detect(waiting.shift()).finally(() => {
      running--;
      update();
      next();
    });
  }
}

async function detect({ card, file, className }) {
  card.running();
  update();
  for (let attempt = 1; ; attempt++) {
    const form = new FormData();
    form.append('image', file, file.name);
    form.append('class', className);
    let response;
    try {
      response = await fetch('detect?overlay=true', { method: 'POST', body: form });
    } catch {
      card.fail('The service did not answer: it is not running, or it closed the connection because the file is too large.');
      return;
    }
    if (response.ok) {
      card.finish(await response.json(), ownThreshold());
      return;
    }
    // Busy or loading: it says when to try again.
    const seconds = Number(response.headers.get('Retry-After'));
    if ((response.status === 503 || response.status === 429) && seconds > 0 && attempt < 30) {
      card.set('waiting', 'Waiting', 'The service is busy; the photo is sent again.');
      await new Promise(resolve => setTimeout(resolve, seconds * 1000));
      continue;
    }
    card.fail(await problemOf(response));
    return;
  }
}

async function problemOf(response) {
  try {
    const problem = await response.json();
    return problem.detail ?? problem.title;
  } catch {
    return `The service answered ${response.status} ${response.statusText}.`;
  }
}

// --- what is shown around the cards ---------------------------------------------------------------------------------

function update() {
  const done = cards.filter(c => c.state === 'done' || c.state === 'error').length;
  const count = decision => cards.filter(c => c.result && c.decision === decision).length;
  const errors = cards.filter(c => c.state === 'error').length;
  const parts = [[count('anomalous'), 'anomalous'], [count('normal'), 'normal'], [count('none'), 'without decision'], [errors, 'not inspected']];
  by('summary').textContent = `${cards.length} ${cards.length === 1 ? 'photo' : 'photos'}`
    + parts.filter(([n]) => n > 0).map(([n, text]) => ` · ${n} ${text}`).join('');
  by('progress-row').hidden = done === cards.length;
  by('progress').max = Math.max(1, cards.length);
  by('progress').value = done;
  by('progress-text').textContent = `${done} of ${cards.length}`;
  by('results').hidden = cards.length === 0;
  by('outcomes').hidden = cards.length > 0;
}

by('files').addEventListener('change', event => {
  add(event.target.files);
  event.target.value = '';
});

by('threshold').addEventListener('input', () => {
  cards.forEach(c => c.decide(ownThreshold()));
  update();
});

by('clear').addEventListener('click', () => {
  waiting.length = 0;
  cards.splice(0).forEach(c => c.remove());
  update();
  by('files').focus();
});

by('csv').addEventListener('click', () => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(['\ufeff', toCsv(cards)], { type: 'text/csv' }));
  link.download = 'results.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

// Anywhere on the page: a photo that misses the field must not replace the page.
let depth = 0;
const mark = change => {
  depth = Math.max(0, depth + change);
  by('drop').classList.toggle('over', depth > 0);
};
document.addEventListener('dragenter', () => mark(1));
document.addEventListener('dragleave', () => mark(-1));
document.addEventListener('dragover', event => event.preventDefault());
document.addEventListener('drop', event => {
  event.preventDefault();
  mark(-depth);
  const entries = [...event.dataTransfer.items].filter(i => i.kind === 'file').map(i => ({ file: i.getAsFile(), entry: i.webkitGetAsEntry?.() }));
  const folders = entries.filter(e => e.entry?.isDirectory);
  add(entries.filter(e => !e.entry?.isDirectory && e.file).map(e => e.file), folders.map(f => f.entry.name));
});

refresh();
