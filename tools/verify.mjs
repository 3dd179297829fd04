// What `npm test` runs: format, protobuf rules, lint, types and build of every project, then every test, the end-to-end ones last.
//   --only <project>   that project alone (repeatable; `client` or `@baton/client`)
//   --skip-e2e         all but apps/e2e
//   --faults           the slow suites of apps/e2e alone: faults, and the walk through the OpenAPI documents
//   --with-faults      everything, the slow suites too
// Each step has a time limit, so that a leaked handle or a hung server fails the run instead of stalling it.
// The last line is `N passed, N failed`: tests, and one more failed for each step that failed without a failed test.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, stripVTControlCharacters } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => join(root, 'node_modules/.bin', name);
const results = join(root, '.baton/test-results');
const contracts = join(root, 'libs/contracts');
const minutes = (count) => count * 60_000;
/** `servers`: on a bare machine Maven first fetches 100 MB. */
const limits = {
  check: minutes(2),
  projects: minutes(12),
  servers: minutes(6),
  test: minutes(8),
  e2e: minutes(25),
  faults: minutes(30),
};
/** How long a step that ran out of time may take to stop its servers before it is killed. */
const stopGraceMs = 10_000;

/** Ends the step that runs now; the run as a whole then ends after it. */
let stopRunning;
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    interrupted = true;
    stopRunning?.(`stopped by ${signal}`);
  });
}

/**
 * Runs a command with live output in a process group of its own, and leaves nothing of that group behind.
 * Resolves to what it wrote and, where it failed, why.
 */
function run(command, args, { cwd = root, limitMs }) {
  const child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const signalGroup = (signal) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error; // the whole group has ended already
    }
  };
  let output = '';
  for (const [stream, sink] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      sink.write(text);
    });
  }
  return new Promise((resolve) => {
    let reason;
    const stop = (why) => {
      reason = why;
      signalGroup('SIGTERM');
      setTimeout(() => signalGroup('SIGKILL'), stopGraceMs).unref();
    };
    const limit = setTimeout(() => stop(`took longer than ${limitMs / 1000} s`), limitMs);
    const settle = (problem) => {
      clearTimeout(limit);
      stopRunning = undefined;
      resolve({ output, problem: reason ?? problem });
    };
    stopRunning = stop;
    child.once('error', (error) => settle(error.message));
    child.once('exit', (code, signal) => {
      signalGroup('SIGKILL');
      // A server that left the group may hold the pipes open: read what is there, and wait no longer for their end.
      const drained = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, 1_000);
      child.once('close', () => {
        clearTimeout(drained);
        settle(code === 0 ? undefined : signal ? `ended by ${signal}` : `exit code ${code}`);
      });
    });
  });
}

const nx = (...args) => [process.execPath, [join(root, 'node_modules/nx/dist/bin/nx.js'), ...args]];

/** The names of the projects with a target, by Nx's own account. */
function projectsWith(target) {
  const [command, args] = nx('show', 'projects', '--with-target', target, '--json');
  return JSON.parse(execFileSync(command, args, { cwd: root, encoding: 'utf8' }));
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        'skip-e2e': { type: 'boolean' },
        faults: { type: 'boolean' },
        'with-faults': { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    fail(error.message);
  }
}

function fail(message) {
  console.error(`verify: ${message}`);
  console.log('0 passed, 1 failed');
  process.exit(2);
}

const options = readArguments();
const testProjects = projectsWith('test');
const selected = (options.only ?? []).map((name) => {
  const project = testProjects.find((each) => each === name || each === `@baton/${name}`);
  if (project === undefined) fail(`there is no project "${name}"; there are ${testProjects.join(', ')}`);
  return project;
});
const inScope = (project) =>
  (selected.length === 0 || selected.includes(project)) && !(options['skip-e2e'] && project === '@baton/e2e');

/** @type {{ name: string, seconds: number, passed: number, failed: number, problem: string | undefined }[]} */
const report = [];

/** Runs one step and books it; `count` turns what came out into numbers of passed and failed tests. */
async function step(name, [command, args], settings, count) {
  if (interrupted) return;
  console.log(`\n── ${name}`);
  const startedAt = performance.now();
  const { output, problem } = await run(command, args, settings);
  const { passed, failed } = count?.(stripVTControlCharacters(output)) ?? { passed: 0, failed: 0 };
  report.push({
    name,
    seconds: Math.round((performance.now() - startedAt) / 1000),
    passed,
    failed: problem === undefined ? failed : Math.max(failed, 1),
    problem,
  });
}

/** One failed for each task that Nx lists under `Failed tasks:`. */
function countFailedTasks(output) {
  const listed = output.split('Failed tasks:')[1]?.match(/^- \S+:(lint|typecheck|build)\s*$/gm) ?? [];
  return { passed: 0, failed: listed.length };
}

/** Whether a project names the local stack among its packages. */
function usesServers(project) {
  const manifest = JSON.parse(readFileSync(join(root, 'node_modules', project, 'package.json'), 'utf8'));
  return '@baton/local-stack' in { ...manifest.dependencies, ...manifest.devDependencies };
}

/** A command that runs one statement with the shared servers of the tests at hand. */
function withLocalStack(statement) {
  const program = `import { sharedTestStack, stopSharedTestStack } from '@baton/local-stack'; ${statement};`;
  const hook = ['--conditions=@baton/source', '--import', './tools/ts-hook.mjs'];
  return [process.execPath, [...hook, '--input-type=module', '--eval', program]];
}

async function testProject(project, limitMs, name = project) {
  const file = join(results, `${basename(name)}.json`);
  const command = nx(
    'run',
    `${project}:test`,
    '--output-style=stream-without-prefixes',
    '--ci',
    '--json',
    `--outputFile=${file}`,
  );
  await step(`test ${name}`, command, { limitMs }, () => {
    if (!existsSync(file)) return { passed: 0, failed: 1 };
    const jest = JSON.parse(readFileSync(file, 'utf8'));
    // A suite that could not even load has no failed test in it.
    return { passed: jest.numPassedTests, failed: jest.numFailedTests + jest.numRuntimeErrorTestSuites };
  });
}

async function runFaults() {
  const services = ['producer', 'relay', 'worker', 'result-gateway'].map((app) => `@baton/${app}`);
  await step('build', nx('run-many', '-t', 'build', '--parallel=2', '-p', ...services), {
    limitMs: limits.projects,
  });
  await testFaults();
}

async function testFaults() {
  process.env.BATON_E2E_BUILT = '1';
  process.env.BATON_E2E_FAULTS = '1';
  await testProject('@baton/e2e', limits.faults, '@baton/e2e-faults');
}

async function runAll() {
  await step('format', [bin('prettier'), ['--check', '--log-level', 'warn', '.']], { limitMs: limits.check });
  await step('buf lint', [bin('buf'), ['lint']], { cwd: contracts, limitMs: limits.check });
  if (existsSync(join(contracts, 'proto/released.binpb'))) {
    const breaking = [bin('buf'), ['breaking', '--against', 'proto/released.binpb']];
    await step('buf breaking', breaking, { cwd: contracts, limitMs: limits.check });
  }
  const scope = selected.length > 0 ? ['-p', ...selected] : [];
  const checks = nx('run-many', '-t', 'lint', 'typecheck', 'build', '--parallel=2', ...scope);
  await step('lint, typecheck, build', checks, { limitMs: limits.projects }, countFailedTasks);

  const ordinary = testProjects.filter((each) => inScope(each) && each !== '@baton/e2e');
  if (ordinary.some(usesServers)) {
    const start = withLocalStack('await sharedTestStack({ kafka: true, redis: true, s3: true })');
    await step('start the test servers', start, { limitMs: limits.servers });
  }
  for (const project of ordinary) await testProject(project, limits.test);
  // A run of some projects leaves the servers to others that may use them; unused, they end by themselves.
  if (selected.length === 0) {
    await step('stop the test servers', withLocalStack('await stopSharedTestStack()'), {
      limitMs: limits.check,
    });
  }
  // The services run as in production, from what was built above.
  process.env.BATON_E2E_BUILT = '1';
  if (testProjects.includes('@baton/e2e') && inScope('@baton/e2e'))
    await testProject('@baton/e2e', limits.e2e);
  if (options['with-faults']) await testFaults();
}

rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
await (options.faults ? runFaults() : runAll());

console.log('\n── summary');
for (const { name, seconds, passed, failed, problem } of report) {
  const verdict = failed > 0 ? `FAILED (${failed}${problem ? `: ${problem}` : ''})` : 'ok';
  console.log(
    `${name.padEnd(32)} ${String(seconds).padStart(4)} s  ${String(passed).padStart(5)} passed  ${verdict}`,
  );
}
const passed = report.reduce((sum, each) => sum + each.passed, 0);
const failed = report.reduce((sum, each) => sum + each.failed, 0);
if (passed === 0) console.error('verify: no test ran');
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
