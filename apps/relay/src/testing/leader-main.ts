/** A relay replica that only leads, as a process of its own, so that tests can kill and freeze it: `<url> <staleMs>`. */
import { testReplica } from './replica.js';

const [url = '', staleMs = ''] = process.argv.slice(2);
const { leadership } = testReplica(url, { staleMs: Number(staleMs) });
leadership.follow({
  onShardsTaken: () => process.stdout.write(`${JSON.stringify({ shards: leadership.shards })}\n`),
  onShardsLost: (lost) => process.stdout.write(`${JSON.stringify({ lost })}\n`),
});
await leadership.start();
