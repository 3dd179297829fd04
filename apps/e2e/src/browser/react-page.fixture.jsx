// A component that shows one job with the hook, in StrictMode, and keeps what it rendered for the test to look at.
import { useJob } from '@baton/react';
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

/** What each render showed, and which channels opened. */
const shown = [];
const opened = [];
let sockets = 0;

/** Counts the sockets that are open now. */
class CountedWebSocket extends globalThis.WebSocket {
  constructor(...args) {
    super(...args);
    sockets++;
    this.addEventListener('close', () => sockets--);
  }
}

function Job({ job, options }) {
  const { state, progress, done, result, error } = useJob(job, {
    ...options,
    WebSocket: CountedWebSocket,
    onChannel: ({ channel, status }) => status === 'open' && opened.push(channel),
  });
  shown.push({ id: job?.id, state, fraction: progress?.fraction, done, result, code: error?.code });
  return (
    <>
      <h2>{state ?? 'waiting'}</h2>
      <progress value={done ? 1 : (progress?.fraction ?? 0)} />
      <pre id="result">{error ? error.message : JSON.stringify(result)}</pre>
    </>
  );
}

function App() {
  const [props, setProps] = useState({});
  globalThis.show = (next) => setProps((before) => ({ ...before, ...next }));
  // It is mounted with its job: StrictMode mounts it twice.
  return props.job && !props.gone ? <Job {...props} /> : null;
}

Object.assign(globalThis, { shown, opened, sockets: () => sockets });
createRoot(globalThis.document.getElementById('root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
