/** Figures as text. */
export const number = (value, digits = 3) => (Number.isFinite(value) ? value.toFixed(digits) : '–');
export const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((r) => `| ${r.join(' | ')} |`).join('\n');
