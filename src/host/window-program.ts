import { compound, type Program } from './program.ts';
import type { RuntimeFile } from './runtime.ts';
import type { DecisionPlan, WindowPlan } from './window.ts';

/**
 * A program that opens a window: sections `lock`, `health` (when addresses are to be pinged), `arm`,
 * one for each act that is not of effect `boot`, in their order, as far as they were begun, and
 * `window`; none follows that could not be. After `arm` with status 0 it only relays what the host
 * does by itself. It goes to the shell that ran a look program. `known`: what that shell has seen.
 */
export function compileWindow(_plan: WindowPlan, known: ReadonlySet<RuntimeFile>): Program {
  return compound([], known, []);
}

/**
 * A program that relays a window again, from its first act on, to a controller that lost the line:
 * sections as of `compileWindow` after `arm`; only `window`, without a body, when it is not known.
 */
export function compileFollow(_id: string, known: ReadonlySet<RuntimeFile>): Program {
  return compound([], known, []);
}

/**
 * A program that decides: for `confirm`, a section for each act of effect `boot` (with its id, as of
 * an act program) once that is in place, and then the section `decision`.
 */
export function compileDecision(_plan: DecisionPlan, known: ReadonlySet<RuntimeFile>): Program {
  return compound([], known, []);
}

/** A program that pings these addresses once each, all at once, for a second: section `health`. It changes nothing. */
export function compileHealth(
  _addresses: readonly string[],
  known: ReadonlySet<RuntimeFile>,
): Program {
  return compound([], known, []);
}
