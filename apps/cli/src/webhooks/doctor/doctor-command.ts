import { parseDuration } from '@baton/contracts';
import { Command } from 'commander';
import { UsageError } from '../../cli.error.js';
import type { CommandParts, GlobalOptions } from '../../command-parts.js';
import { exitCodes } from '../../exit-codes.js';
import { print } from '../../output/print.js';
import { checkedHttpUrl } from '../http-url.js';
import { findSecret } from '../secret.config.js';
import { describeFinding, describeReport } from './describe-report.js';
import { examine, examineAsStranger } from './examine.js';
import { type Finding, type Grade, grades } from './grade.js';

interface DoctorOptions extends GlobalOptions {
  secret?: string;
  effects?: string;
  timeout: string;
  least: string;
}

export function doctorCommand({ terminal, end }: CommandParts): Command {
  return new Command('doctor')
    .description(
      'play duplicates, forgeries, stale, slow and odd deliveries at a receiver, and grade it from A to F',
    )
    .argument('<url>', 'of a receiver that may be tried: some of what is played is genuine')
    .option('--secret <secret>', 'whsec_…, else BATON_WEBHOOK_SECRET; without it only forgeries are played')
    .option('--effects <url>', 'answers, as a number, how many deliveries the receiver has acted on')
    .option('--timeout <duration>', 'until an answer is given up', '15s')
    .option('--least <grade>', 'exit code 1 below this grade', 'B')
    .action(async (given: string, _options: unknown, command: Command) => {
      const { secret: option, effects, timeout, least, json } = command.optsWithGlobals<DoctorOptions>();
      const url = checkedHttpUrl(given, '<url>');
      const secret = findSecret(option, terminal);
      const visit = {
        url,
        effectsUrl: effects === undefined ? undefined : checkedHttpUrl(effects, '--effects'),
        timeoutMs: readTimeout(timeout),
        signal: terminal.signal,
      };
      const lowest = readGrade(least);
      const onFinding = (finding: Finding): void =>
        json ? undefined : terminal.out(describeFinding(finding));
      const report =
        secret === undefined
          ? await examineAsStranger(visit, onFinding)
          : await examine({ ...visit, secret }, onFinding);
      const stranger = secret === undefined;
      print(
        { terminal },
        { json, value: { ...report, stranger }, text: () => describeReport(report, stranger) },
      );
      end(grades.indexOf(report.grade) > grades.indexOf(lowest) ? exitCodes.found : exitCodes.ok);
    });
}

function readTimeout(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 100 || ms > 120_000)
    throw new UsageError(`--timeout must be a duration from 100ms to 2m, such as "15s", got "${text}"`);
  return ms;
}

function readGrade(text: string): Grade {
  const grade = grades.find((each) => each === text.toUpperCase());
  if (!grade) throw new UsageError(`--least must be one of ${grades.join(', ')}, got "${text}"`);
  return grade;
}
