import { routeType, splitWords, tableNumber, tableNumbers } from './ip-words.ts';
import type { PathAnswer } from './query.ts';

/** Types of routes that lead nowhere: older kernels give such a route, newer ones an error. */
const nowhere = new Set(['blackhole', 'unreachable', 'prohibit', 'throw']);

/** As the kernel says it that has no IPv6. */
const noAnswer = 'Address family not supported by protocol';

/** Parses what `ip route get` says (iproute2 and busybox), an error among it. */
export function parsePath(text: string): PathAnswer {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const words = splitWords(lines[0] ?? '');
  const type = routeType(words[0] ?? '');
  if (type !== null && nowhere.has(type)) return { ...noPath, error: type };
  const after = (name: string): string | null => {
    const place = words.indexOf(name);
    return place < 0 ? null : (words[place + 1] ?? null);
  };
  const dev = after('dev');
  if (
    dev === null ||
    !/^[\d.]+$|^[\da-f:.]*:[\da-f:.]*$/i.test(words[type === null ? 0 : 1] ?? '')
  ) {
    const said = (lines[0] ?? noAnswer).replace(/^ip: /, '').replace(/^RTNETLINK answers: /, '');
    return { ...noPath, error: said.trim() };
  }
  const table = after('table');
  return {
    dev,
    via: after('via'),
    src: after('src'),
    table: table === null ? null : tableNumber(table, tableNumbers(text)),
    error: null,
  };
}

const noPath = { dev: null, via: null, src: null, table: null };
