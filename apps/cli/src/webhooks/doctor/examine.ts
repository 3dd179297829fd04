import { DoctorVisit, type VisitOptions } from './doctor-visit.js';
import { checkForgery, forgeries } from './forged-checks.js';
import { checkGenuine, genuine } from './genuine-checks.js';
import { type Finding, type Grade, gradeOf } from './grade.js';
import { strangeSecret } from './make-delivery.js';
import { checkBroken, checkConcurrentDuplicates, checkDuplicates, checkOrder } from './repeat-checks.js';

export interface DoctorReport {
  url: string;
  grade: Grade;
  findings: Finding[];
}

/** After so long an answer is late, though Baton waits longer. */
const lateMs = 5_000;

/** Plays the whole script at a receiver, one delivery after the other, and grades it. */
export async function examine(
  options: VisitOptions,
  onFinding: (finding: Finding) => void,
): Promise<DoctorReport> {
  const visit = new DoctorVisit(options);
  const findings: Finding[] = [];
  const note = (finding: Finding): void => {
    findings.push(finding);
    onFinding(finding);
  };
  for (const each of genuine) {
    note(await checkGenuine(visit, each));
    // Where the plainest delivery is refused, the rest would only say so again.
    if (gradeOf(findings) === 'F') break;
  }
  if (gradeOf(findings) !== 'F') {
    note(checkSpeed(visit));
    for (const check of [checkDuplicates, checkConcurrentDuplicates, checkBroken, checkOrder])
      note(await check(visit));
  }
  for (const forgery of forgeries) note(await checkForgery(visit, forgery));
  return { url: options.url, grade: gradeOf(findings), findings };
}

/** Without the secret nothing genuine can be sent: what is left is whether it believes strangers. */
export async function examineAsStranger(
  options: Omit<VisitOptions, 'secret'>,
  onFinding: (finding: Finding) => void,
): Promise<DoctorReport> {
  const visit = new DoctorVisit({ ...options, secret: strangeSecret() });
  const findings: Finding[] = [];
  for (const forgery of forgeries) {
    const finding = await checkForgery(visit, forgery);
    // Signed by a stranger, whatever else it is: taking it is believing anybody.
    const whole =
      finding.verdict === 'fail' && finding.grade !== 'B' ? { ...finding, grade: 'F' as const } : finding;
    findings.push(whole);
    onFinding(whole);
  }
  return { url: options.url, grade: gradeOf(findings), findings };
}

function checkSpeed(visit: DoctorVisit): Finding {
  const worst = Math.max(...visit.took);
  const saw = `genuine deliveries are answered within ${worst} ms`;
  if (worst <= lateMs) return { check: 'speed', verdict: 'pass', saw };
  return {
    check: 'speed',
    verdict: 'fail',
    saw,
    grade: worst >= visit.timeoutMs ? 'D' : 'B',
    advice: `answer at once and do the work afterwards, from a queue of your own: after ${visit.timeoutMs / 1_000} s the delivery counts as failed, and the next try is an hour away`,
  };
}
