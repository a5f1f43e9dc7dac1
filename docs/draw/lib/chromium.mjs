// A headless Chromium, driven over a pipe by the DevTools protocol: it needs no port and no library.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const END = '\0';
const WIDTH = 1500;
const FLAGS = [
  ...['--headless=new', '--no-sandbox', '--no-first-run', '--remote-debugging-pipe', '--disable-dev-shm-usage'],
  // Without a graphics card and a desktop's settings a picture is the same on every machine.
  ...['--disable-gpu', '--hide-scrollbars', '--force-device-scale-factor=1', '--font-render-hinting=none'],
];

export class Chromium {
  static async launch() {
    const profile = await mkdtemp(join(tmpdir(), 'draw-'));
    const flags = [...FLAGS, `--user-data-dir=${profile}`];
    // The picture must not depend on where it is drawn.
    const env = { ...process.env, TZ: 'UTC', LANG: 'en_US.UTF-8' };
    const child = spawn('chromium', flags, { env, stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    return new Chromium(child, profile);
  }

  constructor(child, profile) {
    Object.assign(this, { child, profile, next: 1, waiting: new Map(), seen: () => {}, broken: undefined });
    const failed = (error) => {
      this.broken ??= error;
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    };
    child.on('error', (error) => failed(new Error(`chromium cannot be started: ${error.message}`)));
    this.gone = new Promise((resolve) => child.on('close', resolve));
    child.on('exit', (code) => failed(new Error(`chromium ended with ${code}`)));
    child.stdio[3].on('error', failed);
    let text = '';
    child.stdio[4].setEncoding('utf8').on('data', (chunk) => {
      const messages = (text + chunk).split(END);
      text = messages.pop();
      for (const it of messages) this.receive(JSON.parse(it));
    });
  }

  receive({ id, result, error, method }) {
    if (id === undefined) return this.seen(method);
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    return error ? reject(new Error(error.message)) : resolve(result);
  }

  send(method, params = {}, sessionId = undefined) {
    const id = this.next++;
    if (this.broken) return Promise.reject(this.broken);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.child.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + END);
    });
  }

  /** A PNG of the whole page; fails with what the page's script failed with. */
  async picture(url) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const send = (method, params) => this.send(method, params, sessionId);
    const size = (height) =>
      send('Emulation.setDeviceMetricsOverride', { width: WIDTH, height, deviceScaleFactor: 1, mobile: false });

    await size(1000);
    await send('Page.enable');
    const loaded = new Promise((resolve) => {
      this.seen = (method) => method === 'Page.loadEventFired' && resolve();
    });
    await send('Page.navigate', { url });
    await loaded;
    const { result, exceptionDetails: failure } = await send('Runtime.evaluate', {
      expression: 'globalThis.drawn',
      awaitPromise: true,
      returnByValue: true,
    });
    if (failure) throw new Error(failure.exception?.value ?? failure.exception?.description ?? failure.text);
    if (result.value?.height === undefined) throw new Error('the page did not draw');
    await size(result.value.height);
    const { data } = await send('Page.captureScreenshot', { format: 'png' });
    await this.send('Target.closeTarget', { targetId });
    return { png: Buffer.from(data, 'base64'), notes: result.value.notes };
  }

  async close() {
    await this.send('Browser.close').catch(() => {});
    await this.gone;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
