import type { CommandOutput } from './answers.ts';
import { commandText, scriptText } from './command-text.ts';
import { asText, type LookPart, type Section, type Sections } from './look-part.ts';
import type { OutputQuery, Query } from './query.ts';
import { quote, quoteAll } from './quote.ts';

/** Read-only commands. */
export const lookOutput: LookPart = {
  runtime: ['run.sh', 'look-output.sh'],
  lines: (asked) => {
    const numbered = numberedOf(asked('output'));
    return [
      ...goesOf(numbered).flatMap(({ timeoutSeconds, queries }) => {
        const { assignments, texts } = briefTexts(queries);
        return [...assignments, `xp_outputs ${timeoutSeconds} ${quoteAll(texts)}`];
      }),
      ...numbered.filter(({ one }) => !goesWithOthers(one)).map(aloneLine),
    ];
  },
  read: (asked, sections) => {
    const numbered = numberedOf(asked('output'));
    const errors = errorsOf(goesOf(numbered), sections);
    return numbered.map(({ id, one }) => {
      const section = sections.get(id);
      return section === undefined
        ? [one, { failure: `the host said nothing of ${one.argv.join(' ')}` }]
        : [one, { answer: outputOf(one, { errors: errors.get(id) ?? '', ...section }) }];
    });
  },
};

/** A query with the id of its section. */
interface Numbered {
  readonly id: string;
  readonly one: OutputQuery;
}

/** Queries that are run in one go. */
interface Go {
  readonly timeoutSeconds: number;
  readonly queries: readonly [Numbered, ...Numbered[]];
}

function numberedOf(queries: readonly OutputQuery[]): readonly Numbered[] {
  return queries.map((one, index) => ({ id: `output.${index}`, one }));
}

function goesWithOthers({ isBrief, stdin }: OutputQuery): boolean {
  return isBrief && stdin === null;
}

function goesOf(numbered: readonly Numbered[]): readonly Go[] {
  const goes = new Map<number, [Numbered, ...Numbered[]]>();
  for (const each of numbered.filter(({ one }) => goesWithOthers(one))) {
    const timeoutSeconds = seconds(each.one.timeoutSeconds);
    const others = goes.get(timeoutSeconds);
    if (others === undefined) goes.set(timeoutSeconds, [each]);
    else others.push(each);
  }
  return [...goes].map(([timeoutSeconds, queries]) => ({ timeoutSeconds, queries }));
}

/** `ID TEXT` each; a script that several run is sent once. */
function briefTexts(queries: readonly Numbered[]): {
  readonly assignments: readonly string[];
  readonly texts: readonly string[];
} {
  const variables = new Map<string, string>();
  const texts = queries.flatMap(({ id, one }) => {
    const [shell, option, script, , ...words] = one.argv;
    if (shell !== '/bin/sh' || option !== '-c' || script === undefined || one.user !== null) {
      return [id, commandText(one)];
    }
    const variable = variables.get(script) ?? `xp_script_${id.replace('.', '_')}`;
    variables.set(script, variable);
    return [id, scriptText(one, words, `eval "$${variable}"`)];
  });
  const assignments = [...variables].map(([script, name]) => `${name}=${quote(script)}`);
  return { assignments, texts };
}

function aloneLine({ id, one }: Numbered): string {
  const { timeoutSeconds, limitBytes, stdin } = one;
  // a byte more tells whether there was more
  const bounds = [`${seconds(timeoutSeconds)}`, `${checkedLimit(limitBytes) + 1}`];
  const input = stdin === null ? ['', ''] : ['text', stdin];
  return `xp_output ${quoteAll([id, ...bounds, ...input, commandText(one)])}`;
}

/** What the commands of each go said besides, by id: the text's first word divides it. */
function errorsOf(goes: readonly Go[], sections: Sections): ReadonlyMap<string, string> {
  const all = goes.flatMap(({ queries: [{ id }] }) => {
    const text = sections.get(`${id}.errors`)?.body ?? '';
    const divider = `\n${text.slice(0, text.indexOf('\n'))} `;
    return text.split(divider).slice(1);
  });
  return new Map(
    all.map((part): [string, string] => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1).replace(/\n+$/, '')];
    }),
  );
}

/** How long the commands among these may take, one after the other. */
export function outputSeconds(queries: readonly Query[]): number {
  return queries.reduce(
    // those that must be stopped take a little longer
    (sum, one) => (one.kind === 'output' ? sum + seconds(one.timeoutSeconds) + 4 : sum),
    0,
  );
}

const largestLimit = 8 * 1024 * 1024;

/** Whole seconds. */
function seconds(timeoutSeconds: number): number {
  return Math.max(1, Math.ceil(timeoutSeconds));
}

function checkedLimit(bytes: number): number {
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > largestLimit) {
    throw new Error(`not how much of an output is read: ${bytes}`);
  }
  return bytes;
}

const errorLimit = 65_536;

function outputOf({ limitBytes }: OutputQuery, section: Section): CommandOutput {
  const { status, body, errors = '', isLate = false } = section;
  return {
    status,
    stdout: asText(body.slice(0, limitBytes)),
    stderr: asText(errors.slice(0, errorLimit)),
    isCut: body.length > limitBytes,
    isTimedOut: isLate,
  };
}
