// Does with a page that zooms what a person does, and writes down what is seen and loaded. What it should be is asserted by ZoomPageBrowserTests.cs.
// usage: node zoom.mjs ADDRESS CHROMIUM OUT_FOLDER JOB.json; a job is { "x", "y": a place of the picture to zoom into }
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [given, executablePath, out, jobFile] = process.argv.slice(2);
const address = new URL(given).href;
const job = JSON.parse(readFileSync(jobFile, 'utf8'));
const profile = mkdtempSync(join(tmpdir(), 'mfpclip-browser-'));
const base = address.slice(0, address.lastIndexOf('/') + 1);
const seen = { console: [], failedRequests: [], elsewhere: [] };
let requested = [];

const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1280, height: 900 },
  colorScheme: 'light',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
try {
  const page = context.pages()[0] ?? await context.newPage();
  page.setDefaultTimeout(240_000);
  page.on('console', m => ['error', 'warning'].includes(m.type()) && seen.console.push(m.text()));
  page.on('pageerror', e => seen.console.push(String(e)));
  page.on('requestfailed', r => seen.failedRequests.push(`${r.url()} ${r.failure()?.errorText}`));
  page.on('request', r => r.url().startsWith(base) ? requested.push(r.url().slice(base.length)) : seen.elsewhere.push(r.url()));
  const shot = name => page.screenshot({ path: join(out, `${name}.png`) });

  // What is shown and what was loaded since the last time, once everything that is shown is loaded.
  const state = async () => {
    await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
    await page.waitForFunction(() => [...document.querySelectorAll('.layer img')].every(i => i.complete));
    await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
    const shown = await page.evaluate(() => ({
      box: document.getElementById('outlines').getAttribute('viewBox').split(' ').map(Number),
      scale: document.getElementById('scale').textContent,
      tiles: [...document.querySelectorAll('.layer img')].map(i => i.getAttribute('src')),
      broken: [...document.querySelectorAll('.layer img')].filter(i => i.naturalWidth === 0).length,
      chosen: [...document.querySelectorAll('polygon.on')].map(p => p.dataset.region),
      row: document.querySelector('tr.on a')?.textContent ?? '',
      hash: location.hash,
    }));
    const loaded = [...new Set(requested)];
    requested = [];
    return { ...shown, loaded };
  };

  await page.goto(address);
  seen.first = await state();
  await shot('1-whole');
  const view = await page.locator('#view').boundingBox();
  // Where a place of the picture is on the screen, and the other way round.
  const box = () => page.evaluate(() => document.getElementById('outlines').getAttribute('viewBox').split(' ').map(Number));
  const place = async (x, y) => {
    const [left, top, width] = await box();
    return [view.x + (x - left) * view.width / width, view.y + (y - top) * view.width / width];
  };
  const [x, y] = (await place(job.x, job.y)).map(Math.round); // events have whole pixels
  const [left, top, width] = await box();
  const spot = [left + (x - view.x) * width / view.width, top + (y - view.y) * width / view.width];
  seen.view = [view.x, view.y, view.width, view.height];
  await page.mouse.move(x, y);
  for (let i = 0; i < 10; i++) {
    await page.mouse.wheel(0, -100);
  }
  seen.wheel = await state();
  seen.under = await place(...spot);
  seen.pointer = [x, y];
  await shot('2-wheel');

  await page.mouse.down();
  await page.mouse.move(x - 60, y - 40, { steps: 6 });
  await page.mouse.up();
  seen.dragged = await state();

  await page.locator('.list a').nth(1).click();
  seen.region = await state();
  await shot('3-region');

  await page.locator('#view').focus();
  await page.keyboard.press('0');
  seen.fitted = await state();
  const line = await page.locator('polygon[data-region="1"]').boundingBox();
  await page.mouse.click(line.x + line.width / 2, line.y + line.height / 2);
  seen.clicked = await state();
  await page.locator('#view').focus();
  await page.keyboard.press('n');
  seen.next = await state();
  await page.keyboard.press('ArrowRight');
  seen.right = await state();
  await page.getByText('1:1').click();
  seen.one = await state();
  await page.keyboard.press('Escape');

  const touch = await context.newCDPSession(page);
  await touch.send('Input.synthesizePinchGesture', { x: view.x + view.width / 2, y: view.y + view.height / 2, scaleFactor: 0.5, gestureSourceType: 'touch' });
  seen.pinched = await state();

  await page.locator('#opacity').fill('0');
  await page.getByLabel('outlines').uncheck();
  await state();
  seen.hidden = await page.evaluate(() => [document.querySelector('.layer.map').style.opacity, getComputedStyle(document.getElementById('outlines')).display]);
  await page.locator('#opacity').fill('40');
  await page.getByLabel('outlines').check();

  // A region by the address alone, in the dark, on a phone and on paper.
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto('about:blank');
  await page.goto(`${address}#region-2`);
  seen.linked = await state();
  await shot('4-dark');
  await page.setViewportSize({ width: 390, height: 844 });
  await state();
  seen.phoneOverflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await shot('5-phone');
  await page.setViewportSize({ width: 1000, height: 900 });
  await page.emulateMedia({ media: 'print', colorScheme: 'light' });
  seen.paper = await page.evaluate(() => {
    const still = document.querySelector('.still'), box = still.getBoundingClientRect(), line = still.querySelector('use').getBoundingClientRect();
    return { picture: [box.width, box.height], lines: [line.width, line.height], view: document.getElementById('view').clientWidth,
      tools: getComputedStyle(document.querySelector('.tools')).display };
  });
  await page.screenshot({ path: join(out, '6-paper.png'), fullPage: true });
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
writeFileSync(join(out, 'seen.json'), JSON.stringify(seen, null, 1));
