/** Three figures, thousands apart: 0.352, 3.52, 35.2, 352, 35,200. A dash for what was not measured. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  const rounded = Number(value.toPrecision(3));
  const whole = Math.floor(Math.log10(Math.max(Math.abs(rounded), 0.1)));
  const digits = Math.max(0, 2 - whole);
  return rounded.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `1.52 ×` */
export function formatTimes(value: number | undefined): string {
  return value === undefined ? '–' : `${value.toFixed(2)} ×`;
}

/** `81 %` */
export function formatShare(value: number | undefined): string {
  return value === undefined ? '–' : `${Math.round(value * 100)} %`;
}
