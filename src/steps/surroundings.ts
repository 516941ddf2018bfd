import type { CallCommand, Change, Environment, Prediction } from '../host/change.ts';
import type { Query } from '../host/query.ts';

/** How the commands of a task run (`become_user`, `environment`, `timeout`). */
export interface Surroundings {
  /** null: as the host's programs do. */
  readonly user: string | null;
  /** Variables besides those of the login; what a step says itself counts more. */
  readonly environment: Environment;
  /** null: as long as the step lets them. */
  readonly timeoutSeconds: number | null;
}

/** Nothing is said. */
export const usualSurroundings: Surroundings = {
  user: null,
  environment: {},
  timeoutSeconds: null,
};

/** A query as it is asked there. */
export function askedThere<Asked extends Query>(asked: Asked, around: Surroundings): Asked {
  if (asked.kind !== 'output' || around === usualSurroundings) return asked;
  const { user, environment, timeoutSeconds } = around;
  const given = Object.entries(environment).map(
    ([name, value]) => [name, typeof value === 'string' ? value : value.reveal()] as const,
  );
  return {
    ...asked,
    user: asked.user ?? user,
    environment: { ...Object.fromEntries(given), ...asked.environment },
    timeoutSeconds: timeoutSeconds ?? asked.timeoutSeconds,
  };
}

/** A change as it is made there. */
export function madeThere(change: Change, around: Surroundings): Change {
  if (around === usualSurroundings) return change;
  if (change.kind !== 'command' && change.kind !== 'call') return change;
  const { user, environment, timeoutSeconds } = around;
  return {
    ...change,
    ...(change.kind === 'call' ? { predicts: predictedThere(change, around) } : {}),
    user: change.user ?? user,
    environment: { ...environment, ...change.environment },
    timeoutSeconds: timeoutSeconds ?? change.timeoutSeconds,
  };
}

/** What it predicts is asked there, too. */
function predictedThere({ predicts }: CallCommand, around: Surroundings): CallCommand['predicts'] {
  return (
    predicts?.map((one): Prediction => {
      const asked = one.query.kind === 'output' ? askedThere(one.query, around) : one.query;
      // the same kind of query as before
      return { ...one, query: asked } as Prediction;
    }) ?? null
  );
}
