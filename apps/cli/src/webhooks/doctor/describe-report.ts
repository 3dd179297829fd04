import { wrap } from '../../output/print.js';
import type { DoctorReport } from './examine.js';
import { type Finding, gradeMeanings } from './grade.js';

const marks: Record<Finding['verdict'], string> = { pass: 'ok  ', fail: 'FAIL', unknown: '?   ' };

export function describeFinding({ check, verdict, saw, advice, grade }: Finding): string {
  const head = `${marks[verdict]}  ${check.padEnd(26)} ${wrap(saw, ' '.repeat(33), 120)}`;
  if (advice === undefined) return `${head}\n`;
  return `${head}\n      ${grade === undefined ? '' : `(${grade}) `}${wrap(advice, ' '.repeat(6), 120)}\n`;
}

export function describeReport({ url, grade, findings }: DoctorReport, stranger: boolean): string {
  const count = (verdict: Finding['verdict']): number =>
    findings.filter((each) => each.verdict === verdict).length;
  const worst = findings
    .filter((each) => each.verdict === 'fail' && each.grade === grade)
    .map(({ check }) => check);
  return [
    '',
    stranger && grade < 'F'
      ? `Grade: none. ${url} believes no stranger; the rest needs its secret (--secret or BATON_WEBHOOK_SECRET).`
      : `Grade ${grade} for ${url}: ${gradeMeanings[grade]}${worst.length > 0 ? ` (${worst.join(', ')})` : ''}.`,
    `${count('pass')} passed, ${count('fail')} failed, ${count('unknown')} cannot be seen from outside.`,
  ].join('\n');
}
