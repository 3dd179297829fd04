// Reads [{ filePath, text }] from stdin and lints each text as if it stood in that (existing) file, by the workspace's own
// configuration. Writes the rules that each one broke: [["rule", …], …]. A process of its own, as `eslint` is when lint runs.
import { text } from 'node:stream/consumers';
import { ESLint } from 'eslint';

const eslint = new ESLint();
const rules = [];
for (const probe of JSON.parse(await text(process.stdin))) {
  const [result] = await eslint.lintText(probe.text, { filePath: probe.filePath });
  rules.push(result.messages.map((message) => message.ruleId ?? message.message));
}
process.stdout.write(JSON.stringify(rules));
