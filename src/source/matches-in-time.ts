import { createContext, Script } from 'node:vm';

/** A controller that is busy may have slept in the first turn: there is a second. */
const turnsMs = [500, 3000] as const;

/** After so many seconds a search is given up. */
export const longestSearchSeconds = turnsMs[1] / 1000;

/** A text is searched for longer than is bearable. */
export class SlowPattern extends Error {
  constructor(pattern: string) {
    super(`the expression ${pattern} takes longer than ${longestSearchSeconds} s`);
  }
}

const searching = new Script(
  'texts.map((text) => (expression.global ? [...text.matchAll(expression)] : [expression.exec(text)]))',
);

interface Room {
  context?: ReturnType<typeof createContext>;
  texts?: readonly string[];
  expression?: RegExp;
}

/** A context of node:vm takes long to make. */
const room: Room = {};

/**
 * What is found in each of the texts: the first match of each, all of them where the expression is
 * global. V8's expressions may take for ever: a clock stops them. Throws SlowPattern.
 */
export function matchesIn(
  texts: readonly string[],
  expression: RegExp,
): readonly (readonly RegExpExecArray[])[] {
  room.texts = texts;
  room.expression = expression;
  room.context ??= createContext(room);
  try {
    for (const timeout of turnsMs) {
      const found = foundWithin(room.context, timeout);
      if (found !== null) return found.map((matches) => matches.filter((match) => match !== null));
      expression.lastIndex = 0;
    }
  } finally {
    delete room.texts;
    delete room.expression;
  }
  throw new SlowPattern(expression.source);
}

/** null: it takes longer. */
function foundWithin(
  context: ReturnType<typeof createContext>,
  timeout: number,
): (RegExpExecArray | null)[][] | null {
  try {
    return searching.runInContext(context, { timeout });
  } catch {
    return null;
  }
}
