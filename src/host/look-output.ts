import type { CommandOutput } from './answers.ts';
import { commandText } from './command-text.ts';
import { asText, type LookPart, type Section } from './look-part.ts';
import type { OutputQuery, Query } from './query.ts';
import { quoteAll } from './quote.ts';

/** Read-only commands. */
export const lookOutput: LookPart = {
  runtime: ['run.sh', 'look-output.sh'],
  lines: (asked) =>
    asked('output').map((one, index) => {
      const { timeoutSeconds, limitBytes, stdin } = one;
      // a byte more tells whether there was more
      const bounds = [`${seconds(timeoutSeconds)}`, `${checkedLimit(limitBytes) + 1}`];
      const input = stdin === null ? ['', ''] : ['text', stdin];
      return `xp_output ${quoteAll([idOf(index), ...bounds, ...input, commandText(one)])}`;
    }),
  read: (asked, sections) =>
    asked('output').map((one, index) => {
      const section = sections.get(idOf(index));
      return section === undefined
        ? [one, { failure: `the host said nothing of ${one.argv.join(' ')}` }]
        : [one, { answer: outputOf(one, section) }];
    }),
};

/** How long the commands among these may take, one after the other. */
export function outputSeconds(queries: readonly Query[]): number {
  return queries.reduce(
    // those that must be stopped take a little longer
    (sum, one) => (one.kind === 'output' ? sum + seconds(one.timeoutSeconds) + 4 : sum),
    0,
  );
}

const idOf = (index: number) => `output.${index}`;

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
