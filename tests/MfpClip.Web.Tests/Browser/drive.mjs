// Does with the page what a person does, and writes down what is seen. What it should be is asserted by BrowserTests.cs.
// usage: node drive.mjs ADDRESS CHROMIUM OUT_FOLDER JOB.json; a job is { "drop": [paths], "choose": [paths], "className", "threshold" }
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { chromium } from 'playwright-core';

const [address, executablePath, out, jobFile] = process.argv.slice(2);
const job = JSON.parse(readFileSync(jobFile, 'utf8'));
const profile = mkdtempSync(join(tmpdir(), 'mfpclip-browser-'));
const seen = { console: [], failedRequests: [], otherHosts: [] };

const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1280, height: 900 },
  colorScheme: 'light',
  reducedMotion: 'reduce',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
try {
  const page = context.pages()[0] ?? await context.newPage();
  page.setDefaultTimeout(240_000);
  page.on('console', m => ['error', 'warning'].includes(m.type()) && seen.console.push(m.text()));
  page.on('pageerror', e => seen.console.push(String(e)));
  page.on('requestfailed', r => seen.failedRequests.push(`${r.url()} ${r.failure()?.errorText}`));
  page.on('request', r => /^https?:/.test(r.url()) && !r.url().startsWith(address) && seen.otherHosts.push(r.url()));
  const shot = async name => page.screenshot({ path: join(out, `${name}.png`), fullPage: true });

  await page.goto(address);
  await page.locator('#state:not([data-state="loading"])').waitFor();
  seen.title = await page.title();
  seen.state = await page.locator('#state').textContent();
  seen.thresholdHint = await page.locator('#threshold-hint').textContent();
  seen.thresholdDisabled = await page.locator('#threshold').isDisabled();
  seen.limits = await page.locator('#limits').textContent();
  await shot('1-empty');

  // Keyboard alone: what each press of Tab reaches, by role and name.
  seen.tabs = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('Tab');
    seen.tabs.push(await page.evaluate(() => {
      const e = document.activeElement;
      return e.labels?.[0]?.textContent ?? e.getAttribute('aria-label') ?? e.textContent ?? e.tagName;
    }));
  }

  await page.getByLabel('What the photos show').fill(job.className ?? '');
  await drop(page, job.drop);
  seen.statesWhileWorking = await page.locator('.card').evaluateAll(cards => cards.map(c => c.dataset.state));
  await finished(page);
  seen.cards = await cards(page);
  seen.summary = await page.locator('#summary').textContent();
  seen.progressHidden = await page.locator('#progress-row').isHidden();
  await shot('2-results');

  if (job.threshold !== undefined) {
    await page.getByLabel('Threshold').fill(String(job.threshold));
    seen.decided = (await cards(page)).map(c => [c.name, c.decision, c.badge]);
    await shot('3-threshold');
  }

  // The overlay and the photo beneath it, in the card and enlarged.
  const first = page.locator('.card[data-state="done"]').first();
  const source = async image => (await image.getAttribute('src')).slice(0, 10);
  await first.getByRole('button', { name: 'Show photo' }).click();
  seen.toggled = [await source(first.locator('img')), await first.locator('img').getAttribute('alt')];
  await first.getByRole('button', { name: 'Show overlay' }).click();
  await first.locator('.picture').focus();
  await page.keyboard.press('Enter');
  await page.locator('#viewer[open]').waitFor();
  seen.viewer = [await source(page.locator('#viewer-image')), await page.locator('#viewer-image').getAttribute('alt')];
  await page.screenshot({ path: join(out, '4-viewer.png') });
  await page.keyboard.press('Escape');
  seen.viewerClosed = await page.locator('#viewer').isHidden();
  seen.focusReturned = await page.evaluate(() => document.activeElement?.className);

  // More through the file chooser.
  if (job.choose?.length) {
    const chooser = page.waitForEvent('filechooser');
    await page.getByText('Choose photos').click();
    await (await chooser).setFiles(job.choose);
    await page.waitForFunction(n => document.querySelectorAll('.card').length === n, seen.cards.length + job.choose.length);
    await finished(page);
    seen.afterChoosing = await cards(page);
  }

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as CSV' }).click();
  seen.csv = readFileSync(await (await download).path(), 'utf8');

  seen.faults = await page.evaluate(accessibilityFaults);
  await page.emulateMedia({ colorScheme: 'dark' });
  seen.faults.push(...(await page.evaluate(accessibilityFaults)).map(f => `dark: ${f}`));
  await shot('5-dark');
  await page.setViewportSize({ width: 390, height: 844 });
  seen.phoneOverflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await shot('6-phone-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await shot('7-phone');
  await page.setViewportSize({ width: 320, height: 640 });
  seen.narrowOverflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

  await page.getByRole('button', { name: 'Clear' }).click();
  seen.afterClear = await page.locator('.card').count();
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
writeFileSync(join(out, 'seen.json'), JSON.stringify(seen, null, 1));

async function drop(page, paths) {
  const files = paths.map(p => ({ name: basename(p), content: readFileSync(p).toString('base64') }));
  const data = await page.evaluateHandle(list => {
    const transfer = new DataTransfer();
    for (const { name, content } of list) {
      const bytes = Uint8Array.from(atob(content), c => c.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: name.endsWith('.txt') ? 'text/plain' : 'image/png' }));
    }
    return transfer;
  }, files);
  await page.dispatchEvent('#drop', 'dragenter', { dataTransfer: data });
  seen.dropMarked = await page.locator('#drop.over').count();
  await page.dispatchEvent('#drop', 'drop', { dataTransfer: data });
}

async function finished(page) {
  await page.waitForFunction(() => [...document.querySelectorAll('.card')].every(c => ['done', 'error'].includes(c.dataset.state)));
}

async function cards(page) {
  await page.waitForFunction(() => [...document.querySelectorAll('.card[data-state="done"] img')].every(i => i.complete));
  return page.locator('.card').evaluateAll(all => all.map(c => ({
    name: c.querySelector('.card-name').textContent,
    state: c.dataset.state,
    decision: c.dataset.decision ?? '',
    badge: c.querySelector('.badge').textContent,
    score: c.querySelector('.score').textContent,
    message: c.querySelector('.message').textContent,
    alt: c.querySelector('img').alt,
    image: c.querySelector('img').src.slice(0, 23),
    width: c.querySelector('img').naturalWidth,
    markup: c.querySelectorAll('.card-name *, .message *').length,
  })));
}

// Names of controls and images, headings in order, contrast of text (WCAG 2.2 AA) on its own background, size of what is touched.
function accessibilityFaults() {
  const faults = [];
  const visible = e => e.checkVisibility?.() !== false && e.getClientRects().length > 0;
  const name = e => e.getAttribute('aria-label') ?? e.getAttribute('alt') ?? (e.labels?.length ? [...e.labels].map(l => l.textContent).join() : '')
    + (e.textContent?.trim() ?? '') + [...e.querySelectorAll('img[alt]')].map(i => i.alt).join('');
  for (const e of document.querySelectorAll('input, button, a, progress, meter')) {
    const labelled = e.getAttribute('aria-labelledby');
    if (visible(e) && !e.disabled && !(name(e) || (labelled && document.getElementById(labelled)?.textContent))) {
      faults.push(`no name: ${e.outerHTML.slice(0, 120)}`);
    }
    const box = e.getBoundingClientRect();
    if (visible(e) && e.matches('button, .button') && (box.width < 24 || box.height < 24)) {
      faults.push(`small target: ${e.outerHTML.slice(0, 120)}`);
    }
  }
  for (const image of document.querySelectorAll('img:not([alt])')) {
    faults.push(`no alt: ${image.outerHTML.slice(0, 120)}`);
  }
  let level = 0;
  for (const heading of [...document.querySelectorAll('h1, h2, h3, h4')].filter(visible)) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) {
      faults.push(`heading ${heading.tagName} after H${level}`);
    }
    level = own;
  }
  const parse = c => (c.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !visible(e) || e.closest('.visually-hidden, noscript, template')) {
      continue;
    }
    let behind = e;
    while (behind && (parse(getComputedStyle(behind).backgroundColor)[3] === 0)) {
      behind = behind.parentElement;
    }
    const [a, b] = [parse(getComputedStyle(e).color), parse(getComputedStyle(behind ?? document.body).backgroundColor)].map(light);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) {
      faults.push(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.textContent.trim().slice(0, 60)}`);
    }
  }
  return faults;
}
