import { execFile, execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SigningKeys } from '../endpoint-keys.js';
import { standardHeaders } from './signature-headers.js';

const examples = fileURLToPath(new URL('../../../../../docs/verifiers/', import.meta.url));

interface Language {
  name: string;
  /** Has ed25519 in its standard library. */
  ed25519: boolean;
  /** @returns the command that runs the example, once it is compiled @throws ToolchainMissing; an example that does not compile */
  prepare: (folder: string) => Promise<string[]>;
}

const tried = (command: string, ...args: string[]): void =>
  void execFileSync(command, args, { stdio: 'ignore', timeout: 120_000 });

class ToolchainMissing extends Error {}

/** Asks for what the example needs beside itself. */
function needs(command: string, ...args: string[]): void {
  try {
    tried(command, ...args);
  } catch (cause) {
    throw new ToolchainMissing(command, { cause });
  }
}

const languages: Language[] = [
  {
    name: 'TypeScript',
    ed25519: true,
    prepare: async () => [process.execPath, join(examples, 'verify-webhook.mts')],
  },
  {
    name: 'Python',
    ed25519: false,
    prepare: async () => {
      needs('python3', '--version');
      return ['python3', join(examples, 'verify_webhook.py')];
    },
  },
  {
    name: 'Go',
    ed25519: true,
    prepare: async (folder) => {
      needs('go', 'version');
      tried('go', 'build', '-o', join(folder, 'verify-go'), join(examples, 'verify_webhook.go'));
      return [join(folder, 'verify-go')];
    },
  },
  {
    name: 'Java',
    ed25519: true,
    prepare: async (folder) => {
      needs('javac', '-version');
      tried('javac', '-d', folder, join(examples, 'VerifyWebhook.java'));
      return ['java', '-XX:TieredStopAtLevel=1', '-cp', folder, 'VerifyWebhook'];
    },
  },
  {
    name: 'Ruby',
    ed25519: true,
    prepare: async () => {
      needs('ruby', '--version');
      return ['ruby', join(examples, 'verify_webhook.rb')];
    },
  },
  {
    name: 'PHP',
    ed25519: true,
    prepare: async () => {
      needs('php', '-r', 'exit(function_exists("sodium_crypto_sign_verify_detached") ? 0 : 1);');
      return ['php', join(examples, 'verify_webhook.php')];
    },
  },
  { name: 'Rust', ed25519: false, prepare: buildRust },
  { name: 'C#', ed25519: false, prepare: buildCSharp },
];

/** With crates that are on this machine; nothing is fetched. */
async function buildRust(folder: string): Promise<string[]> {
  await mkdir(join(folder, 'rust/src'), { recursive: true });
  await writeFile(
    join(folder, 'rust/Cargo.toml'),
    '[package]\nname = "verify"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nbase64 = "0.23"\nhmac = "0.13"\nsha2 = "0.11"\n',
  );
  const build = ['build', '--quiet', '--offline', '--manifest-path', join(folder, 'rust/Cargo.toml')];
  // With nothing in it: whether the crates are here.
  await writeFile(join(folder, 'rust/src/main.rs'), 'fn main() {}');
  needs('cargo', ...build);
  await copyFile(join(examples, 'verify_webhook.rs'), join(folder, 'rust/src/main.rs'));
  tried('cargo', ...build);
  return [join(folder, 'rust/target/debug/verify')];
}

async function buildCSharp(folder: string): Promise<string[]> {
  needs('dotnet', '--version');
  const project = join(folder, 'csharp');
  tried('dotnet', 'new', 'console', '--output', project, '--name', 'verify');
  await rm(join(project, 'Program.cs'));
  await copyFile(join(examples, 'VerifyWebhook.cs'), join(project, 'VerifyWebhook.cs'));
  tried('dotnet', 'build', project, '--output', join(folder, 'csharp-out'));
  return ['dotnet', join(folder, 'csharp-out/verify.dll')];
}

const folder = await mkdtemp(join(tmpdir(), 'baton-verifiers-'));
afterAll(() => rm(folder, { recursive: true }));

/** Those whose toolchain is here. */
const commands = new Map<string, string[]>();
for (const { name, prepare } of languages) {
  try {
    commands.set(name, await prepare(folder));
  } catch (error) {
    if (!(error instanceof ToolchainMissing)) throw error;
    // Not on this machine: shown as skipped.
  }
}

/** Keys as an endpoint has them, and as its receiver has them. */
function makeKeys(): { signing: SigningKeys; secret: string; publicKey: string } {
  const hmac = randomBytes(32);
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const secret = `whsec_${hmac.toString('base64')}`;
  return {
    signing: { secret, hmac, ed25519: privateKey },
    secret,
    publicKey: `whpk_${raw.toString('base64')}`,
  };
}

const [current, old, foreign] = [makeKeys(), makeKeys(), makeKeys()];
const body = '{"type":"job.succeeded","data":{"note":"wörld \\u0000"}}\n';
interface Delivery {
  body: string;
  id: string;
  timestamp: string;
  signature: string;
}
type Case = [what: string, delivery: Delivery, keys: string[]];

/** Signed by the gateway's own signer. */
function signed(at: number, by = [current]): Delivery {
  const id = 'msg_01990000-1:0:4';
  const headers = standardHeaders(
    by.map(({ signing }) => signing),
    { id, timestamp: at, body },
  );
  return { body, id, timestamp: String(at), signature: headers['webhook-signature']! };
}

/** @param now seconds since 1970 */
function genuine(now: number, ed25519: boolean): Case[] {
  const good = signed(now);
  const both = signed(now, [current, old]);
  return [
    ['signed with its secret', good, [current.secret]],
    ['signed with the secret alone', { ...good, signature: good.signature.split(' ')[0]! }, [current.secret]],
    ['of 4 minutes ago', signed(now - 240), [current.secret]],
    ['while a secret is replaced, by the new one', both, [current.secret]],
    ['while a secret is replaced, by the old one', both, [old.secret]],
    ['where the receiver has both secrets', signed(now, [old]), [current.secret, old.secret]],
    [
      'after signatures that are not understood',
      { ...good, signature: `v2,AAAA v1,!! v1, ${good.signature}` },
      [current.secret],
    ],
    ...(ed25519
      ? ([
          ['signed with its ed25519 key', good, [current.publicKey]],
          ['while a key is replaced', both, [old.publicKey]],
        ] satisfies Case[])
      : []),
  ];
}

function forged(now: number, ed25519: boolean): Case[] {
  const good = signed(now);
  const [v1, v1a] = good.signature.split(' ') as [string, string];
  return [
    ['with another body', { ...good, body: body.replace('succeeded', 'dead') }, [current.secret]],
    ['with a body that was parsed and written anew', { ...good, body: body.trim() }, [current.secret]],
    ['with another id', { ...good, id: 'msg_2' }, [current.secret]],
    ['with another timestamp', { ...good, timestamp: String(now - 1) }, [current.secret]],
    ['of 6 minutes ago', signed(now - 360), [current.secret]],
    ['of 6 minutes ahead', signed(now + 360), [current.secret]],
    ['with a timestamp that is no number', { ...good, timestamp: `${now}x` }, [current.secret]],
    ['of another secret', good, [foreign.secret]],
    ['with a cut signature', { ...good, signature: v1.slice(0, -8) }, [current.secret]],
    ['with an empty signature', { ...good, signature: 'v1,' }, [current.secret]],
    ...(ed25519
      ? ([
          ['of another ed25519 key', good, [foreign.publicKey]],
          ['with another body, by ed25519', { ...good, body: `${body} ` }, [current.publicKey]],
          [
            'whose HMAC is called ed25519',
            { ...good, signature: v1.replace('v1', 'v1a') },
            [current.publicKey],
          ],
          [
            'whose ed25519 is called HMAC',
            { ...good, signature: v1a.replace('v1a', 'v1') },
            [current.secret],
          ],
        ] satisfies Case[])
      : []),
  ];
}

/** Runs each case at its own time: they are signed when it is their turn, however slow the machine. */
async function expectAll(name: string, cases: (now: number) => Case[], wanted: string): Promise<void> {
  for (const i of cases(0).keys()) {
    const [what, delivery, keys] = cases(Math.floor(Date.now() / 1_000))[i]!;
    expect([what, await run(name, delivery, keys)]).toEqual([what, wanted]);
  }
}

/** What the example prints, and its exit code. */
function run(
  name: string,
  { body, id, timestamp, signature }: Delivery,
  keys: readonly string[],
): Promise<string> {
  const [command, ...args] = commands.get(name)!;
  return new Promise((resolve) => {
    const all = [...args, id, timestamp, signature, ...keys];
    const child = execFile(command!, all, { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve(`${stdout.trim()} ${error?.code ?? 0}${stderr}`),
    );
    child.stdin!.on('error', () => undefined); // it refused before it had read all
    child.stdin!.end(body);
  });
}

describe.each(languages)('the example in $name', ({ name, ed25519 }) => {
  const test = commands.has(name) ? it : it.skip;

  test('takes what is genuine', async () => {
    await expectAll(name, (now) => genuine(now, ed25519), 'genuine 0');
  }, 120_000);

  test('refuses what is not', async () => {
    await expectAll(name, (now) => forged(now, ed25519), 'not genuine 1');
  }, 120_000);
});
