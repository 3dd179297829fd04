import type { ContenderDescription, Row } from './bench-report.js';
import { primaryOf } from './compare.js';
import { formatNumber } from './format.js';
import { measuredWorkloads } from './result-tables.js';
import { workloadDescriptions } from '../workloads/workload.js';

const width = 920;
const labelWidth = 380;
const valueWidth = 110;
const barHeight = 18;
const rowHeight = 26;
const headHeight = 64;
const panelHead = 44;
const colours = { baton: '#2563eb', postgres: '#94a3b8', redis: '#f59e0b' } as const satisfies Record<
  ContenderDescription['kind'],
  string
>;
const legend = { baton: 'Baton', postgres: 'peers on PostgreSQL', redis: 'peer on Redis' } as const;

/** A picture of the compared figures: a panel a workload, a bar a row, each panel on its own scale from zero. */
export function barChart(
  rows: readonly Row[],
  { title, subtitle }: { title: string; subtitle: string },
): string {
  const parts: string[] = [];
  let y = headHeight;
  for (const { id, heading } of measuredWorkloads(rows)) {
    const own = rows.filter(({ workload }) => workload === id);
    const { unit, better } = workloadDescriptions[id].primary;
    parts.push(
      text(20, y + 24, heading, 'class="head"'),
      text(width - 20, y + 24, `${unit}, ${better} is better`, 'class="note" text-anchor="end"'),
    );
    y += panelHead;
    const most = Math.max(...own.map(primaryOf));
    for (const row of own) {
      parts.push(bar(row, y, primaryOf(row) / most));
      y += rowHeight;
    }
    y += 12;
  }
  const height = y + 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<style>text { font: 13px system-ui, sans-serif; fill: #0f172a } .title { font-size: 17px; font-weight: 600 } .head { font-weight: 600 } .note { fill: #475569; font-size: 12px }</style>
<rect width="100%" height="100%" fill="#ffffff"/>
${text(20, 28, title, 'class="title"')}
${text(20, 48, subtitle, 'class="note"')}
${drawLegend()}
${parts.join('\n')}
</svg>
`;
}

function bar(row: Row, y: number, share: number): string {
  const { contender, workload, door } = row;
  const length = Math.max(1, share * (width - labelWidth - valueWidth));
  const label =
    workload === 3 ? contender.label : `${contender.label}${door === 'http' ? ', HTTP' : ', in process'}`;
  return [
    text(labelWidth - 10, y + 13, label, 'text-anchor="end"'),
    `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2" fill="${colours[contender.kind]}"/>`,
    text(labelWidth + length + 8, y + 13, formatNumber(primaryOf(row))),
  ].join('\n');
}

function drawLegend(): string {
  const kinds = Object.keys(legend) as (keyof typeof legend)[];
  return kinds
    .map((kind, i) => {
      const x = width - 20 - (kinds.length - i) * 150;
      return `<rect x="${x}" y="16" width="12" height="12" fill="${colours[kind]}"/>${text(x + 18, 27, legend[kind], 'class="note"')}`;
    })
    .join('');
}

function text(x: number, y: number, words: string, attributes = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y}"${attributes && ` ${attributes}`}>${escape(words)}</text>`;
}

function escape(words: string): string {
  return words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
