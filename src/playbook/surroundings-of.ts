import type { Environment } from '../host/change.ts';
import { isUser, isVariable } from '../host/command-text.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { quoted } from '../source/quoted.ts';
import type { ScalarNode, SourceNode } from '../source/source-node.ts';
import { diagnosticAt } from '../source/source-text.ts';
import { type Surroundings, usualSurroundings } from '../steps/surroundings.ts';
import type { Keywords } from './keywords.ts';
import { renderNode } from './render-node.ts';
import type { Found, Scope } from './scope.ts';

/** How the commands of a task run on a host. */
export function surroundingsOf(
  { becomeUser, environment, timeoutSeconds }: Keywords,
  scope: Scope,
): Found<Surroundings> {
  if (becomeUser === null && environment === null && timeoutSeconds === null) {
    return { type: 'value', value: usualSurroundings };
  }
  const user = userOf(becomeUser, scope);
  if (user.type !== 'value') return user;
  const variables = environmentOf(environment, scope);
  if (variables.type !== 'value') return variables;
  return {
    type: 'value',
    value: { user: user.value, environment: variables.value, timeoutSeconds },
  };
}

function userOf(written: ScalarNode | null, scope: Scope): Found<string | null> {
  if (written === null) return { type: 'value', value: null };
  const found = renderNode(written, scope);
  if (found.type !== 'value') return found;
  const name = found.value.kind === 'scalar' ? String(found.value.value) : '';
  return isUser(name)
    ? { type: 'value', value: name }
    : { type: 'wrong', diagnostics: [diagnosticAt(written.place, `${quoted(name)} is no user`)] };
}

function environmentOf(written: SourceNode | null, scope: Scope): Found<Environment> {
  if (written === null) return { type: 'value', value: {} };
  const found = renderNode(written, scope);
  if (found.type !== 'value') return found;
  const { value: node } = found;
  if (node.kind !== 'map') {
    const message = 'an environment is a map of names to values';
    return { type: 'wrong', diagnostics: [diagnosticAt(node.place, message)] };
  }
  const diagnostics: Diagnostic[] = [];
  const variables: Record<string, Environment[string]> = {};
  for (const [name, { key, value }] of node.entries) {
    if (!isVariable(name)) diagnostics.push(diagnosticAt(key, `${quoted(name)} is no variable`));
    else if (value.kind === 'secret') variables[name] = value.secret;
    else if (value.kind === 'scalar' && value.value !== null) variables[name] = String(value.value);
    else diagnostics.push(diagnosticAt(value.place, `${name} must be a text`));
  }
  return diagnostics.length > 0
    ? { type: 'wrong', diagnostics }
    : { type: 'value', value: variables };
}
