import type { Inventory } from '../inventory/model.ts';
import type { Scope } from '../playbook/scope.ts';
import { magicNames } from '../playbook/scope-of.ts';
import type { Data } from '../source/data.ts';
import { Secret } from '../source/secret.ts';
import type { Place } from '../source/source-text.ts';
import { TemplateText } from '../source/template-text.ts';
import type { VariableUse } from '../template/template.ts';
import { usesInValue } from './uses.ts';

/** A path of a variable that leads nowhere. */
export interface Missing {
  /** Up to the part that is not there. */
  readonly path: readonly (string | number)[];
  readonly place: Place;
  /** Names that are there. */
  readonly known: Iterable<string>;
}

/** Where variables are looked for. */
export interface Around {
  /** The first that has a name decides. */
  readonly levels: readonly Readonly<Record<string, Data>>[];
  readonly scope: Scope;
  readonly inventory: Inventory;
  /** Names whose values are yet to come. */
  readonly later: ReadonlySet<string>;
}

/** What is missing of a variable, or of those that its value is made of. */
export function lookUp(
  use: VariableUse,
  around: Around,
  open: ReadonlySet<string> = new Set(),
): readonly Missing[] {
  const { keys, mayBeMissing, place } = use;
  const [root] = keys;
  if (mayBeMissing || open.has(root)) return [];
  if (around.later.has(root)) return [];
  if (magicNames.includes(root)) return missingOfMagic(use, around);
  const level = around.levels.find((one) => Object.hasOwn(one, root));
  const value = level?.[root];
  if (value === undefined) {
    const known = around.scope.names();
    return known.has(root) ? [] : [{ path: [root], place, known }];
  }
  const further = usesInValue(value).flatMap((one) =>
    lookUp(one, around, new Set([...open, root])),
  );
  return [...further, ...missingBelow(value, keys, place)];
}

/** Keys that a map of the user's does not have; what a template comes to is not known here. */
function missingBelow(value: Data, keys: VariableUse['keys'], place: Place): readonly Missing[] {
  let at = value;
  for (const [index, key] of keys.entries()) {
    if (index === 0) continue;
    if (!isMap(at)) return [];
    const next = Object.hasOwn(at, key) ? at[key] : undefined;
    if (next === undefined) {
      return [{ path: keys.slice(0, index + 1), place, known: Object.keys(at) }];
    }
    at = next;
  }
  return [];
}

function isMap(value: Data): value is Readonly<Record<string, Data>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret) &&
    !(value instanceof TemplateText)
  );
}

function missingOfMagic({ keys, place }: VariableUse, { inventory }: Around): readonly Missing[] {
  const [root, name] = keys;
  const names = { groups: inventory.groups, hostvars: inventory.hosts };
  if ((root !== 'groups' && root !== 'hostvars') || typeof name !== 'string') return [];
  const known = names[root];
  return known.has(name) ? [] : [{ path: [root, name], place, known: known.keys() }];
}
