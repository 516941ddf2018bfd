import type { Host, Inventory } from '../inventory/model.ts';
import { plainHost, unsetSsh } from '../inventory/plain-host.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import { diagnosticAt } from '../source/source-text.ts';
import type { Target } from '../steps/step.ts';
import type { Keywords } from './keywords.ts';
import { nothingTold } from './knowledge.ts';
import { renderNode } from './render-node.ts';
import { scopeOf } from './scope-of.ts';

/** The host that does a task in place of its own; null: its own. Throws when there is no such host. */
export function delegateOf(keywords: Keywords, target: Target): Host | null {
  const found = findDelegate(keywords, target);
  if (found === null || 'kind' in found) return found;
  throw new Error(`delegate_to was not checked: ${found.message}`);
}

/** What is wrong with the host that is to do a task in place of its own. */
export function delegateProblem(keywords: Keywords, target: Target): Diagnostic | null {
  const found = findDelegate(keywords, target);
  return found === null || 'kind' in found ? null : found;
}

function findDelegate(keywords: Keywords, target: Target): Host | Diagnostic | null {
  const { delegate } = keywords;
  if (delegate === null) return null;
  const found = renderNode(delegate, scopeOf(keywords, target, nothingTold));
  if (found.type === 'waits') {
    const message = 'where a task is done is known before the run';
    return diagnosticAt(delegate.place, message, 'use variables of the inventory only');
  }
  if (found.type === 'wrong') {
    return found.diagnostics[0] ?? diagnosticAt(delegate.place, 'there is no such host');
  }
  const name = found.value.kind === 'scalar' ? String(found.value.value) : '';
  return hostCalled(name, target.inventory) ?? unknownHost(name, keywords, target.inventory);
}

function hostCalled(name: string, { hosts }: Inventory): Host | null {
  return hosts.get(name) ?? (name === 'localhost' || name === '127.0.0.1' ? controller : null);
}

function unknownHost(
  name: string,
  { delegate }: Keywords,
  { hosts }: Inventory,
): Diagnostic | null {
  if (delegate === null) return null;
  const message = `delegate_to: there is no host ${quoted(name)}`;
  return diagnosticAt(delegate.place, message, didYouMean(name, [...hosts.keys(), 'localhost']));
}

/** The machine that xpush runs on, where no host of the inventory has that name. */
const controller: Host = {
  ...plainHost('localhost', { file: '', line: 0, column: 0 }),
  ssh: { ...unsetSsh, transport: 'local' },
};
