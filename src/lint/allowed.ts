import type { Finding } from './finding.ts';

/** Whether a comment on the line says so: `# xpush: allow RULE`, or several with commas. */
export function isAllowed({ place, rule }: Finding): boolean {
  if (place === null) return false;
  const { text } = place.source;
  const start = text.lastIndexOf('\n', place.start - 1) + 1;
  const end = text.indexOf('\n', place.start);
  const line = text.slice(start, end < 0 ? text.length : end);
  const allowed = /(?:^|\s)#\s*xpush:\s*allow\s+([\w,\s-]+)$/.exec(line)?.[1] ?? '';
  return allowed.split(/[,\s]+/).includes(rule);
}
