import { scopeOfItem } from '../playbook/items.ts';
import { noKeywords } from '../playbook/keywords.ts';
import { renderNode } from '../playbook/render-node.ts';
import type { Scope } from '../playbook/scope.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { orEmptyMap, toData } from '../source/source-node.ts';
import { validate } from '../source/validate.ts';
import type { Finding } from './finding.ts';
import { placeAt } from './place-at.ts';
import { scopeWithStandIns } from './stand-ins.ts';
import type { Subject } from './subject.ts';
import { type TaskVisit, takesSecrets, taskVisits } from './task-visits.ts';
import { usesIn } from './uses.ts';

/** Items of a loop beyond these are like them. */
const mostItems = 100;

/** Parameters whose templates come to a value, on some host, that their step refuses. */
export function wrongValues(subject: Subject): readonly Finding[] {
  const found = new Map<string, Finding | null>();
  for (const visit of taskVisits(subject)) {
    for (const { position, message, hint } of wrongIn(visit)) {
      const key = JSON.stringify(position);
      if (position === null || found.has(key)) continue;
      const place = placeAt(position, subject);
      const severity = visit.isDone === 'surely' ? 'error' : 'warning';
      const on = visit.isOnlyHost ? '' : ` on ${visit.host.name}`;
      // what is no YAML is told when it is rendered
      const finding: Finding | null = place && {
        ...{ rule: 'wrong-value', severity, place, hint },
        message: `${message}${on}`,
      };
      found.set(key, finding);
    }
  }
  return [...found.values()].filter((finding) => finding !== null);
}

function wrongIn(visit: TaskVisit): readonly Diagnostic[] {
  const { task, levels } = visit;
  const { loop, written } = task.keywords ?? noKeywords;
  if (written === null) return [];
  const hasSecrets = takesSecrets(usesIn(task), levels);
  const scope = hasSecrets ? scopeWithStandIns(visit) : visit.scope;
  const scopes = loop === null ? [scope] : scopesOfItems(visit, scope);
  return scopes.flatMap((own) => {
    const rendered = renderNode(written.node, own, written.expressions);
    if (rendered.type === 'waits') return [];
    if (rendered.type === 'wrong') return hasSecrets ? [] : rendered.diagnostics;
    const read = validate(task.step.params, orEmptyMap(rendered.value), written.key);
    if (read.ok) return [];
    // what else is wrong may be so of what stands in
    return hasSecrets ? read.diagnostics.filter(isOfSecret) : read.diagnostics;
  });
}

function isOfSecret({ message }: Diagnostic): boolean {
  return / takes no secret\b/.test(message);
}

/** Of each item that is known beforehand. */
function scopesOfItems({ task }: TaskVisit, scope: Scope): readonly Scope[] {
  const { loop } = task.keywords ?? noKeywords;
  if (loop === null) return [];
  const found = renderNode(loop.items, scope);
  if (found.type !== 'value' || found.value.kind !== 'list') return [];
  const items = found.value.items.map(toData);
  return items.slice(0, mostItems).map((_, index) => scopeOfItem(loop, scope, items, index));
}
