import { noKeywords, type Variables } from '../playbook/keywords.ts';
import { nothingTold, untold } from '../playbook/knowledge.ts';
import type { Scope } from '../playbook/scope.ts';
import { scopeOf } from '../playbook/scope-of.ts';
import type { Data } from '../source/data.ts';
import { Secret } from '../source/secret.ts';
import { TemplateText } from '../source/template-text.ts';
import type { TaskVisit } from './task-visits.ts';

/** What a task sees, with other secrets in place of those that nobody fetches here. */
export function scopeWithStandIns({ task, host, inventory, later }: TaskVisit): Scope {
  const { vars, defaults, extraVars } = task.keywords ?? noKeywords;
  const levels = {
    vars: vars.map(withStandIns),
    defaults: defaults.map(withStandIns),
    extraVars: withStandIns(extraVars),
  };
  const variables = new Map([...later].map((name) => [name, untold] as const));
  const subject = { host: { ...host, vars: withStandIns(host.vars) }, inventory };
  return scopeOf(levels, subject, { ...nothingTold, variables });
}

const made = new WeakMap<Variables, Variables>();

function withStandIns(vars: Variables): Variables {
  const known = made.get(vars) ?? mapped(Object.entries(vars));
  made.set(vars, known);
  return known;
}

function mapped(entries: readonly (readonly [string, Data])[]): Variables {
  const map: Record<string, Data> = Object.create(null);
  for (const [name, value] of entries) map[name] = standIn(value);
  return map;
}

function standIn(data: Data): Data {
  if (data instanceof Secret) {
    const secret = new Secret(data.origin, data.place);
    secret.settle('stands in');
    return secret;
  }
  if (typeof data !== 'object' || data === null || data instanceof TemplateText) return data;
  return Array.isArray(data) ? data.map(standIn) : mapped(Object.entries(data));
}
