import { createRequire } from 'node:module';
import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { Secret } from '../source/secret.ts';
import { described, noParams } from './described.ts';
import { hostPath } from './host-path.ts';
import { type defineStep, refuse } from './step.ts';
import { anything, worked } from './worked.ts';

/** What a user's own step is made of: it is handed these, so that there is one xpush only. */
export interface StepKit {
  readonly defineStep: typeof defineStep;
  readonly refuse: typeof refuse;
  readonly query: typeof query;
  readonly change: typeof change;
  /** Valibot, for the schema of the parameters. */
  readonly v: typeof import('valibot');
  readonly described: typeof described;
  readonly noParams: typeof noParams;
  /** Schema of a path on the host. */
  readonly hostPath: typeof hostPath;
  /** Schema of any value. */
  readonly anything: typeof anything;
  /** Schema of an expression with its value. */
  readonly worked: typeof worked;
  /** For `v.instance(Secret)`. */
  readonly Secret: typeof Secret;
}

/** A kit whose `defineStep` is this one. */
export function stepKit(define: typeof defineStep): StepKit {
  // found when it is needed: the program in one file has only those parts of it that it uses
  const v: typeof import('valibot') = createRequire(import.meta.url)('valibot');
  return {
    ...{ defineStep: define, refuse, query, change, v, described, noParams },
    ...{ hostPath, anything, worked, Secret },
  };
}
