import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { env } from 'node:process';
import { type Browser, launch } from 'puppeteer-core';

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];

/** @throws Error that says how to get one */
function findChromium(): string {
  const given = env['CHROMIUM'];
  const folders = (env['PATH'] ?? '').split(delimiter);
  const places =
    given === undefined ? folders.flatMap((folder) => names.map((name) => join(folder, name))) : [given];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new Error(
    given === undefined
      ? `no browser is on the PATH; looked for: ${names.join(', ')}. Install one (Debian: apt-get install chromium), or name its file in CHROMIUM`
      : `CHROMIUM="${given}" is not there; allowed: the file of a Chromium or Chrome`,
  );
}

/** A headless Chromium of its own, with an empty profile. */
export function launchChromium(): Promise<Browser> {
  return launch({
    executablePath: findChromium(),
    // Containers seldom allow its sandbox, and it opens nothing but the pages of the test.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    timeout: 60_000,
    protocolTimeout: 120_000,
  });
}
