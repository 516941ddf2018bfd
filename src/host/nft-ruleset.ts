/**
 * What `xp_list_nft` prints of these chains where `nft -s list ruleset` printed `ruleset`: to the byte
 * what the host makes of it by sed, as an act compares the sums. Bytes as latin1 text.
 */
export function filterRuleset(ruleset: string, chains: readonly string[]): string {
  const printed: string[] = [];
  let held = ''; // a line for the table, one for its flags, and what there was so far of a chain
  let isOpen = false;
  for (const line of ruleset.split('\n')) {
    if (line.startsWith('#status')) printed.push(line);
    if (line.startsWith('table ')) {
      held = line;
      continue;
    }
    if (line.startsWith('\tflags ')) held += `\n${line}`;
    if (!isOpen && !line.startsWith('\tchain ')) continue;
    held += `\n${line}`;
    isOpen = line !== '\t}';
    if (isOpen) continue;
    if (isListed(held, chains)) printed.push(held);
    held = held.replace(/\n\tchain .*/s, '');
  }
  return `${[...printed, '#listed'].join('\n')}\n`;
}

function isListed(text: string, chains: readonly string[]): boolean {
  return (
    text.startsWith('table inet xpush ') ||
    /\n\t\ttype [a-z]* hook forward /.test(text) ||
    chains.some((chain) => text.includes(`\n\tchain ${chain} {\n`))
  );
}

/** What `xp_nft_outline` prints of a ruleset, without the words before the colons. */
export function outlineOf(ruleset: string): readonly string[] {
  return ruleset.split('\n').flatMap((line) => {
    if (line.startsWith('table ')) return [line];
    if (!line.startsWith('\t')) return [];
    if (/^\t[a-z]/.test(line)) return [`block ${line.slice(1)}`];
    if (!line.startsWith('\t\t')) return [];
    if (line.startsWith('\t\ttype ') && line.includes(' hook ', '\t\ttype '.length)) {
      return [`hook ${line.slice('\t\ttype '.length)}`];
    }
    return line.length > 2 && line[2] !== '\t' ? ['rule'] : [];
  });
}
