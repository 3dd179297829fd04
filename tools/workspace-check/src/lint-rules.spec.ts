import { lintTexts } from './lint-texts.js';

const boundaries = '@nx/enforce-module-boundaries';
const imports = 'no-restricted-imports';
const syntax = 'no-restricted-syntax';

/** Rules broken on purpose, in the place of an existing file; `null` where the text is within the rules. */
const probes: { what: string; filePath: string; text: string; rule: string | null }[] = [
  {
    what: 'the client imports persistence',
    filePath: 'libs/client/src/index.ts',
    text: `import '@baton/persistence';\n`,
    rule: boundaries,
  },
  {
    what: 'contracts imports tracing',
    filePath: 'libs/contracts/src/index.ts',
    text: `import '@baton/tracing';\n`,
    rule: boundaries,
  },
  {
    what: 'messaging imports persistence',
    filePath: 'libs/messaging/src/index.ts',
    text: `import '@baton/persistence';\n`,
    rule: boundaries,
  },
  {
    what: 'a service imports another service, which has no name to import it by',
    filePath: 'apps/result-gateway/src/main.ts',
    text: `import '../../relay/src/app.module.js';\n`,
    rule: boundaries,
  },
  {
    what: 'a library reaches into another by a relative path',
    filePath: 'libs/service/src/index.ts',
    text: `import '../../contracts/src/index.js';\n`,
    rule: boundaries,
  },
  {
    what: 'a library is imported past its exports',
    filePath: 'libs/tracing/src/index.ts',
    text: `import '@baton/contracts/src/states.js';\n`,
    rule: imports,
  },
  {
    what: 'the event entry of worker-kit imports persistence',
    filePath: 'libs/worker-kit/src/event.ts',
    text: `import '@baton/persistence';\n`,
    rule: imports,
  },
  {
    what: 'the event entry of worker-kit imports the polling one',
    filePath: 'libs/worker-kit/src/event.ts',
    text: `import './polling.js';\n`,
    rule: imports,
  },
  {
    what: 'the polling entry of worker-kit imports persistence',
    filePath: 'libs/worker-kit/src/polling.ts',
    text: `import '@baton/persistence';\n`,
    rule: null,
  },
  {
    what: 'the shipped code of persistence imports the local stack',
    filePath: 'libs/persistence/src/index.ts',
    text: `import '@baton/local-stack';\n`,
    rule: boundaries,
  },
  {
    what: 'the test kit of persistence imports the local stack',
    filePath: 'libs/persistence/src/testing.ts',
    text: `import '@baton/local-stack';\n`,
    rule: null,
  },
  {
    what: 'the client imports contracts',
    filePath: 'libs/client/src/index.ts',
    text: `import '@baton/contracts';\n`,
    rule: null,
  },
  {
    what: 'a service imports a library',
    filePath: 'apps/result-gateway/src/main.ts',
    text: `import '@baton/results';\n`,
    rule: null,
  },
  {
    what: 'kafkajs is imported outside messaging',
    filePath: 'apps/result-gateway/src/main.ts',
    text: `import 'kafkajs';\n`,
    rule: imports,
  },
  {
    what: 'kafkajs is imported within messaging',
    filePath: 'libs/messaging/src/index.ts',
    text: `import 'kafkajs';\n`,
    rule: null,
  },
  {
    what: 'any',
    filePath: 'libs/contracts/src/index.ts',
    text: `export const anything: any = 1;\n`,
    rule: '@typescript-eslint/no-explicit-any',
  },
  {
    what: 'a floating promise',
    filePath: 'libs/contracts/src/index.ts',
    text: `Promise.resolve();\n`,
    rule: '@typescript-eslint/no-floating-promises',
  },
  {
    what: 'a promise where a plain answer is wanted',
    filePath: 'libs/contracts/src/index.ts',
    text: `setTimeout(async () => { await Promise.resolve(); }, 1);\n`,
    rule: '@typescript-eslint/no-misused-promises',
  },
  {
    what: 'a type imported as a value',
    filePath: 'libs/contracts/src/index.ts',
    text: `import { Socket } from 'node:net';\nexport type Peer = Socket;\n`,
    rule: '@typescript-eslint/consistent-type-imports',
  },
  {
    what: 'a default export',
    filePath: 'libs/contracts/src/index.ts',
    text: `export default 1;\n`,
    rule: syntax,
  },
  {
    what: 'the environment read outside config',
    filePath: 'libs/contracts/src/index.ts',
    text: `export const home = process.env['HOME'];\n`,
    rule: syntax,
  },
  {
    what: 'a statement over a table outside *.sql.ts',
    filePath: 'libs/persistence/src/index.ts',
    text: 'export const jobs = `\nSELECT id\nFROM baton.job`;\n',
    rule: syntax,
  },
  {
    what: 'a file of 401 lines',
    filePath: 'libs/contracts/src/index.ts',
    text: 'export {};\n'.repeat(401),
    rule: 'max-lines',
  },
];

const broken = await lintTexts(probes);

test.each(probes.map((probe, index) => ({ ...probe, rules: broken[index] })))(
  '$what: $rule',
  ({ rule, rules }) => {
    expect(rules).toEqual(rule === null ? [] : expect.arrayContaining([rule]));
  },
);
