import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Which project may import which: the table of the shared libraries. Tags stand in each project's package.json. */
const mayImport = {
  'scope:contracts': [],
  'scope:tracing': ['scope:contracts'],
  'scope:persistence': ['scope:contracts', 'scope:tracing'],
  'scope:messaging': ['scope:contracts', 'scope:tracing'],
  'scope:objects': ['scope:contracts', 'scope:tracing'],
  'scope:results': ['scope:contracts', 'scope:tracing', 'scope:persistence', 'scope:objects'],
  'scope:worker-kit': [
    'scope:contracts',
    'scope:tracing',
    'scope:messaging',
    'scope:objects',
    'scope:persistence',
  ],
  'scope:client': ['scope:contracts'],
  'scope:react': ['scope:client'],
  'scope:service': ['scope:contracts', 'scope:tracing'],
  'scope:local-stack': ['scope:contracts', 'scope:tracing'],
  'scope:workspace-check': [],
  'scope:producer': ['type:lib'],
  'scope:relay': ['type:lib'],
  'scope:worker': ['type:lib'],
  'scope:result-gateway': ['type:lib'],
  'scope:cli': ['scope:contracts', 'scope:client'],
  'scope:e2e': [
    'type:lib',
    'scope:local-stack',
    'scope:producer',
    'scope:relay',
    'scope:worker',
    'scope:result-gateway',
    'scope:cli',
    'scope:examples',
  ],
  'scope:bench': ['type:lib', 'scope:local-stack'],
  'scope:examples': ['type:lib', 'scope:local-stack'],
};

const specs = ['**/*.spec.ts'];
const nodeGlobals = Object.fromEntries(
  'process console URL Buffer fetch performance AbortSignal AbortController setTimeout clearTimeout setInterval clearInterval setImmediate'
    .split(' ')
    .map((name) => [name, 'readonly']),
);

/** Specs, the programs that they run, and what a project offers to the specs of others under `@baton/<project>/testing`. */
const testCode = [...specs, '**/*.fixture.ts', '**/src/testing.ts', '**/src/testing/**'];

const deepImport = {
  regex: '^@baton/[^/]+/(src|dist)(/|$)',
  message: 'Import the package by its name; what it exports is its whole surface.',
};
const kafkajs = { name: 'kafkajs', message: 'Only libs/messaging knows kafkajs; use its broker port.' };
const processEnv = {
  selector: 'MemberExpression[object.name="process"][property.name="env"]',
  message: 'The environment is read in a *config*.ts file only; pass the value on from there.',
};
const envImport = {
  name: 'node:process',
  importNames: ['env'],
  message: 'The environment is read in a *config*.ts file only; pass the value on from there.',
};
const defaultExports = [
  { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
  { selector: 'ExportSpecifier[exported.name="default"]', message: 'Export by name.' },
];

const tableSql = /\b(FROM|INTO|UPDATE|JOIN|TABLE)\s+baton\./.source;
const sql = ['Literal[value=/%/]', 'TemplateElement[value.cooked=/%/]'].map((selector) => ({
  selector: selector.replace('%', tableSql),
  message:
    'Statements over tables stand in *.sql.ts files and migrations, each with a typed function around it.',
}));

/** A later `no-restricted-syntax` replaces an earlier one whole. */
const restrictSyntax = (...restrictions) => ({ 'no-restricted-syntax': ['error', ...restrictions.flat()] });

/** The table as a lint rule; `more` are tags that every project but contracts may import besides, `self` itself by name. */
const boundaries = ({ more = [], self = false } = {}) => [
  'error',
  {
    // A library is loaded from its sources, so it needs no build to be imported.
    enforceBuildableLibDependency: false,
    allow: [],
    allowCircularSelfDependency: self,
    depConstraints: Object.entries(mayImport).map(([sourceTag, tags]) => ({
      sourceTag,
      onlyDependOnLibsWithTags: sourceTag === 'scope:contracts' ? tags : [...tags, ...more],
    })),
  },
];

/** A later `no-restricted-imports` replaces an earlier one whole, so every use lists all that holds there. */
const restrictImports = (paths, patterns = []) => ({
  'no-restricted-imports': ['error', { paths, patterns: [deepImport, ...patterns] }],
});

export default tseslint.config(
  { ignores: ['**/dist/', '**/coverage/', '.nx/', '.node/', '.baton/', 'libs/contracts/src/gen/'] },
  eslint.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(),
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // What implements an asynchronous port may have nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      ...restrictSyntax(defaultExports, processEnv, sql),
      'max-lines': ['error', 400],
      ...restrictImports([kafkajs, envImport]),
    },
  },
  {
    files: ['**/*config*.ts'],
    rules: { ...restrictSyntax(defaultExports, sql), ...restrictImports([kafkajs]) },
  },
  {
    files: ['**/*.sql.ts', '**/migrations/*.ts'],
    rules: restrictSyntax(defaultExports, processEnv),
  },
  {
    files: ['tools/**', 'apps/bench/**', 'apps/e2e/**', ...testCode],
    rules: { ...restrictSyntax(defaultExports), ...restrictImports([kafkajs]) },
  },
  {
    files: ['libs/messaging/**'],
    rules: restrictImports([envImport]),
  },
  {
    // A worker of an `event` queue never sees PostgreSQL: only the polling entry of the kit does.
    files: ['libs/worker-kit/src/**'],
    ignores: ['libs/worker-kit/src/polling.ts', 'libs/worker-kit/src/polling/**', ...specs],
    rules: restrictImports(
      [kafkajs, envImport],
      [
        {
          regex: '^(@baton/persistence(/|$)|pg$|typeorm$)',
          message: 'Only the polling entry of worker-kit may know PostgreSQL.',
        },
        {
          regex: '^\\.{1,2}/(.*/)?polling(\\.js$|/)',
          message:
            'Only the polling entry of worker-kit may know PostgreSQL; this file is shared with the event entry.',
        },
      ],
    ),
  },
  {
    // Callers of any kind embed the SDK: nothing of the server side may come with it.
    files: ['libs/client/src/**', 'libs/react/src/**'],
    ignores: specs,
    rules: restrictImports(
      [kafkajs, envImport],
      [
        {
          regex: '^(@nestjs/|pg$|typeorm$|ioredis$|fastify$)',
          message: 'The client SDK carries no server library.',
        },
      ],
    ),
  },
  {
    // Tests run against the real servers, which the local stack starts.
    files: testCode,
    rules: { '@nx/enforce-module-boundaries': boundaries({ more: ['scope:local-stack'], self: true }) },
  },
  {
    files: specs,
    rules: {
      'max-lines': 'off',
      // Jest's matchers (`expect.any`, `expect.objectContaining`) and parsed bodies are `any` by their types.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: nodeGlobals },
    rules: restrictSyntax(defaultExports),
  },
  {
    files: ['**/*.config.mjs'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['jest.preset.js'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { module: 'writable', require: 'readonly', __dirname: 'readonly' },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  prettier,
);
