/** Three figures, thousands apart: 0.352, 3.52, 35.2, 352, 35,200. A dash for what was not measured. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-9))));
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString('en-US', {
    minimumFractionDigits: Math.min(digits, 3),
    maximumFractionDigits: Math.min(digits, 3),
  });
}

/** `1.52 ×` */
export function formatTimes(value: number | undefined): string {
  return value === undefined ? '–' : `${value.toFixed(2)} ×`;
}

/** `81 %` */
export function formatShare(value: number | undefined): string {
  return value === undefined ? '–' : `${Math.round(value * 100)} %`;
}
