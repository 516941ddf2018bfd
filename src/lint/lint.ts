import type { Play } from '../playbook/model.ts';
import { isAllowed } from './allowed.ts';
import { emptyPlays, nothingChosen } from './choices.ts';
import { clearSecrets } from './clear-secrets.ts';
import { constantConditions } from './conditions.ts';
import type { Finding } from './finding.ts';
import { loopsOverTexts } from './loops.ts';
import type { Subject } from './subject.ts';
import { undefinedVariables } from './undefined-variables.ts';
import { unknownFacts } from './unknown-facts.ts';
import { unusedHandlers, unusedRegisters, unusedVariables } from './unused.ts';
import { wrongValues } from './wrong-values.ts';

const looks = [
  undefinedVariables,
  unknownFacts,
  wrongValues,
  loopsOverTexts,
  clearSecrets,
  constantConditions,
  unusedRegisters,
  unusedVariables,
  unusedHandlers,
  emptyPlays,
] as const;

/**
 * What will go wrong with playbooks that load, or may surprise: each once, file by file in the order of
 * the text. What a comment on its line allows is left out. Pure.
 *
 * @param chosen the plays with those tasks only that are meant
 */
export function lint(
  subject: Subject,
  chosen: readonly Play[] = subject.plays,
): readonly Finding[] {
  const findings = [...looks.flatMap((look) => look(subject)), ...nothingChosen(subject, chosen)];
  const once = new Map<string, Finding>();
  for (const finding of findings.filter((one) => !isAllowed(one))) {
    const { rule, place, message } = finding;
    const isMissing = rule === 'undefined-variable' || rule === 'wrong-value';
    const what = isMissing ? 'value' : `${rule} ${message}`; // one of them is enough
    const key = JSON.stringify([what, place?.source.file, place?.start]);
    if (!once.has(key)) once.set(key, finding);
  }
  return [...once.values()].toSorted(byPlace);
}

function byPlace({ place: left }: Finding, { place: right }: Finding): number {
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  const [one, other] = [left.source.file, right.source.file];
  return one === other ? left.start - right.start : one < other ? -1 : 1;
}
