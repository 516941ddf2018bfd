import { chainPatterns } from './chains-text.ts';

/**
 * What `xp_print_chains` prints of these chains where iptables-save printed `saved`: to the byte what
 * the host makes of it by sed (`chainsScript`), as an act compares the sums. Bytes as latin1 text.
 */
export function filterSaved(saved: string, names: readonly string[]): string {
  const parts = chainPatterns(names).map(({ table, chains }) => ({
    table,
    chains,
    remark: new RegExp(`^# Table .${table}. .*incompatible`, 's'),
    isOpen: false,
  }));
  const printed: string[] = [];
  for (const line of saved.split('\n')) {
    if (line.startsWith('#status')) printed.push(line);
    let text = line;
    for (const part of parts) {
      if (text.startsWith('# Table ') && part.remark.test(text)) printed.push(text);
      if (!part.isOpen && text !== `*${part.table}`) continue;
      part.isOpen = !part.isOpen || !text.startsWith('COMMIT');
      text = text.replace(/ \[\d*:\d*\]$/, '');
      if (part.table !== 'filter') text = text.replace(/^(:|-A )/, `$1${part.table}/`);
      const name = chainOf(text);
      for (const chain of part.chains) if (chain === name) printed.push(text);
    }
  }
  return `\n${printed.join('\n').replace(/\n+$/, '')}\n`;
}

/** Of a line `:NAME ...`, `-A NAME ...` or `-A NAME`. */
function chainOf(line: string): string | null {
  const isRule = line.startsWith('-A ');
  if (!isRule && !line.startsWith(':')) return null;
  const start = isRule ? 3 : 1;
  const end = line.indexOf(' ', start);
  if (end >= 0) return line.slice(start, end);
  return isRule ? line.slice(start) : null;
}
