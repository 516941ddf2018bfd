import { type Expectation, type Safety, usualSafety } from './model.ts';
import type { RawExpect, RawSafety } from './schema.ts';

/** What is written of a host's safety, from the outermost level to its own; later ones go before. */
export function buildSafety(levels: readonly (RawSafety | null | undefined)[]): Safety {
  const raw: RawSafety = Object.assign({}, ...levels);
  return {
    confirmTimeoutSeconds: raw.confirm_timeout ?? usualSafety.confirmTimeoutSeconds,
    onRollbackFailure: raw.on_rollback_failure ?? usualSafety.onRollbackFailure,
    keepGenerations: raw.keep_generations ?? usualSafety.keepGenerations,
    allowNoBootHook: raw.allow_no_boot_hook ?? usualSafety.allowNoBootHook,
  };
}

/** What a host must say of itself. */
export function buildExpectation(raw: RawExpect | null | undefined): Expectation {
  return {
    hostname: raw?.hostname ?? null,
    machineId: raw?.machine_id?.toLowerCase() ?? null,
  };
}
