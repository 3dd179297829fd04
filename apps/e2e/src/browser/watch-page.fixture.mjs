// What a page does with jobs: it shows what it is told, and keeps it for the test to look at.
import { JobReader, verifyWebhook, viewAfter } from '@baton/client';

const { document, EventSource } = globalThis;

/** By the names under which jobs are watched. */
const told = {};

function element(parent, tag, text = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  parent.append(made);
  return made;
}

/** Watches a job to its end. `refresh` is a fresh token that is handed out when one is needed. */
async function watch(name, { refresh, ...job }) {
  const mine = (told[name] = { cursors: [], types: [], channels: [], renewals: 0 });
  const root = document.getElementById('root');
  const title = element(root, 'h2', name);
  const bar = element(root, 'progress');
  const log = element(root, 'ol');
  const reader = new JobReader({
    ...job,
    backoff: { firstMs: 100, mostMs: 500 },
    onChannel: ({ channel, status, gateway }) => {
      mine.channels.push({ channel, status, gateway });
      element(log, 'li', `${channel} ${status} at ${gateway}`);
    },
    ...(refresh && { refreshToken: async () => (mine.renewals++, refresh) }),
  });
  try {
    let view = {};
    for await (const event of reader.events()) {
      view = viewAfter(view, event);
      mine.cursors.push(event.cursor);
      mine.types.push(event.type);
      title.textContent = `${name}: ${view.state ?? 'accepted'}`;
      bar.value = view.state === 'succeeded' ? 1 : (view.progress?.fraction ?? 0);
      element(log, 'li', `${event.cursor} ${event.type} ${event.data.fraction ?? ''}`);
    }
    mine.result = (await reader.result()).result;
    if (mine.result?.file) await show(root, mine.result.file.url);
  } catch (error) {
    mine.error = { code: error.code, message: error.message };
  }
  reader.close();
  mine.done = true;
  return mine;
}

/** The same by the browser's own EventSource, which can send no header: the token goes into a cookie first. */
async function watchBySource(name, { gatewayUrl, id, token }) {
  const mine = (told[name] = { cursors: [], types: [], channels: [], renewals: 0 });
  await new JobReader({ id, token, gatewayUrl }).openSession();
  const source = new EventSource(`${gatewayUrl}/v1/results/${id}/events`, { withCredentials: true });
  const take = ({ data }) => {
    const { cursor, type } = JSON.parse(data);
    mine.cursors.push(cursor);
    mine.types.push(type);
  };
  for (const type of ['job.accepted', 'job.queued', 'attempt.started', 'job.succeeded'])
    source.addEventListener(type, take);
  // It comes again by itself, and is sent away with 204 when it has all.
  source.addEventListener('error', () => (mine.done = source.readyState === EventSource.CLOSED));
}

async function show(root, url) {
  const image = element(root, 'img');
  image.src = url;
  await image.decode();
  image.dataset.size = `${image.naturalWidth}x${image.naturalHeight}`;
}

Object.assign(globalThis, { told, watch, watchBySource, verifyWebhook });
