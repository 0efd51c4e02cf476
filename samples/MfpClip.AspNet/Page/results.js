// One card a photo: what waits, runs, was decided or is wrong with it, and the view of a whole overlay.

const decisions = { anomalous: 'Anomalous', normal: 'Normal', none: 'No decision' };
const list = document.getElementById('cards');
const template = document.getElementById('card');
const viewer = document.getElementById('viewer');
const viewerImage = document.getElementById('viewer-image');
const viewerToggle = document.getElementById('viewer-toggle');

export class Card {
  constructor(name, file) {
    this.name = name;
    this.state = 'waiting';
    this.result = null;
    this.photoUrl = file ? URL.createObjectURL(file) : null;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.part = selector => this.element.querySelector(selector);
    this.part('.card-name').textContent = name;
    this.picture = this.part('.picture');
    this.image = this.part('.picture img');
    this.toggle = this.part('.toggle');
    this.picture.disabled = true;
    this.picture.addEventListener('click', () => openViewer(this));
    this.toggle.addEventListener('click', () => this.show(this.toggle.getAttribute('aria-pressed') !== 'true'));
    this.image.addEventListener('error', () => this.empty('No preview'));
    if (this.photoUrl) {
      this.image.src = this.photoUrl;
    } else {
      this.empty('No preview');
    }
    list.append(this.element);
    this.set('waiting', 'Waiting', 'Waits for its turn.');
  }

  set(state, badge, message) {
    this.state = state;
    this.element.dataset.state = state;
    this.part('.badge').textContent = badge;
    this.part('.message').textContent = message;
  }

  empty(text) {
    this.picture.classList.add('empty');
    this.picture.dataset.text = text;
  }

  running() {
    this.set('running', 'Detecting', 'The photo is being inspected.');
  }

  fail(message) {
    delete this.element.dataset.decision;
    this.problem = message;
    this.set('error', 'Not inspected', message);
  }

  finish(result, threshold) {
    this.result = result;
    this.picture.disabled = false;
    this.picture.classList.remove('empty');
    this.part('.score-row').hidden = false;
    this.part('.score').textContent = result.score.toFixed(3);
    this.toggle.hidden = false;
    this.decide(threshold);
    this.show(false);
  }

  // The service decides where it has a calibration; otherwise the threshold of the page does.
  decide(threshold) {
    if (!this.result) {
      return;
    }
    const { score, decision, regions, milliseconds } = this.result;
    this.decision = decision !== 'none' || threshold === null ? decision : score >= threshold ? 'anomalous' : 'normal';
    this.element.dataset.decision = this.decision;
    const found = regions.length === 1 ? '1 region' : `${regions.length} regions`;
    this.set('done', decisions[this.decision], `${found} above ${this.result.pixelThreshold.toFixed(2)} · ${Math.round(milliseconds)} ms`);
    const meter = this.part('meter');
    meter.value = score;
    meter.setAttribute('aria-label', `Anomaly score ${score.toFixed(3)} of 1`);
    this.describe();
  }

  show(photo) {
    this.toggle.setAttribute('aria-pressed', String(photo));
    this.toggle.textContent = photo ? 'Show overlay' : 'Show photo';
    this.image.src = photo ? this.photoUrl : this.result.overlay;
    this.describe();
  }

  describe() {
    this.image.alt = this.alt(this.toggle.getAttribute('aria-pressed') === 'true');
    this.picture.title = 'Enlarge';
  }

  alt(photo) {
    return photo ? `Photo ${this.name}` : `Anomaly map over ${this.name}: score ${this.result.score.toFixed(3)}, ${decisions[this.decision].toLowerCase()}, `
      + `${this.result.regions.length} regions`;
  }

  remove() {
    if (this.photoUrl) {
      URL.revokeObjectURL(this.photoUrl);
    }
    this.element.remove();
  }
}

let shown = null;

function openViewer(card) {
  shown = card;
  document.getElementById('viewer-name').textContent = card.name;
  showInViewer(card.toggle.getAttribute('aria-pressed') === 'true');
  viewer.showModal();
}

function showInViewer(photo) {
  viewerToggle.setAttribute('aria-pressed', String(photo));
  viewerToggle.textContent = photo ? 'Show overlay' : 'Show photo';
  viewerImage.src = photo ? shown.photoUrl : shown.result.overlay;
  viewerImage.alt = shown.alt(photo);
}

viewerToggle.addEventListener('click', () => showInViewer(viewerToggle.getAttribute('aria-pressed') !== 'true'));
document.getElementById('viewer-close').addEventListener('click', () => viewer.close());
viewer.addEventListener('click', event => {
  if (event.target === viewer) {
    viewer.close();
  }
});

/** The results as CSV: one line a photo, with what is wrong with those that could not be inspected. */
export function toCsv(cards) {
  const quote = text => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = cards.map(c => [c.name, c.result ? c.result.score : '', c.result ? c.decision : '', c.result ? c.result.regions.length : '', c.problem ?? '']);
  return [['photo', 'score', 'decision', 'regions', 'problem'], ...rows].map(r => r.map(v => quote(String(v))).join(',')).join('\r\n') + '\r\n';
}
