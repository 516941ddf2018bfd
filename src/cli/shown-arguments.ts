// What is written as NAME=VALUE may be anything, and names like these mean it.
const TELLING = /pass(?:word|phrase|wd)?|secret|token|credential|api.?key|private/i;
/** In place of what nobody sees. */
export const HIDDEN = '***';

/**
 * The words of a command line as others may see them. xpush takes no secret there; whoever writes one
 * all the same - a variable, a word that says so - finds it hidden.
 */
export function shownArguments(argv: readonly string[]): readonly string[] {
  return argv.map((word, index) => {
    const previous = argv[index - 1] ?? '';
    if (isVariables(previous)) return withoutValue(word);
    if (isTelling(previous) && !word.startsWith('-')) return HIDDEN;
    if (/^-e[^=]/.test(word)) return `-e${withoutValue(word.slice(2))}`;
    const [, option = '', value] = /^(-\w+|--[\w-]+)=(.*)$/s.exec(word) ?? [];
    if (value === undefined) return withoutTold(word);
    if (isVariables(option)) return `${option}=${withoutValue(value)}`;
    return isTelling(option) ? `${option}=${HIDDEN}` : withoutTold(word);
  });
}

/** Whether variables stand behind it; `-De` is `-D -e`. */
export function isVariables(option: string): boolean {
  return /^-[A-Za-z]*e$/.test(option) || option === '--extra-vars';
}

/** But not `--secrets FILE`, `--vault-password-file FILE`, `--ask-pass`: none of them has a secret. */
function isTelling(option: string): boolean {
  return (
    /^--./.test(option) &&
    TELLING.test(option) &&
    !/^--secrets(?:-identity)?$|-file$|^--ask-/.test(option)
  );
}

/** `@FILE` is the name of a file. */
function withoutValue(word: string): string {
  if (word.startsWith('@')) return word;
  const [name = '', ...value] = word.split('=');
  return value.length === 0 ? HIDDEN : `${name}=${HIDDEN}`;
}

function withoutTold(word: string): string {
  const [, name = '', value] = /^([\w.-]+)=(.*)$/s.exec(word) ?? [];
  return value !== undefined && TELLING.test(name) ? `${name}=${HIDDEN}` : word;
}
