import * as v from 'valibot';
import { Findings } from '../inventory/findings.ts';
import { readVars } from '../inventory/vars.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Result } from '../source/result.ts';
import { nodeAt, type SourceNode } from '../source/source-node.ts';
import { diagnosticAt, type Place } from '../source/source-text.ts';
import type { Expression } from '../template/template.ts';
import { readConditions } from './conditions.ts';
import type { Keywords, Variables } from './keywords.ts';
import { ownedBy, ownerWords } from './vars-owner.ts';

/** A name of a handler, and where it is written. */
export interface Notified {
  readonly name: string;
  readonly place: Place;
}

/** What a play, a role, a block or an import says for all tasks in it. */
export type Inherited = Pick<
  Keywords,
  | 'when'
  | 'vars'
  | 'defaults'
  | 'extraVars'
  | 'ignoresErrors'
  | 'becomes'
  | 'becomeUser'
  | 'environment'
  | 'timeoutSeconds'
  | 'isSilent'
  | 'showsDiff'
  | 'isCheckOnly'
  | 'tags'
  | 'isOnce'
  | 'delegate'
> & {
  /** null: nobody says. */
  readonly network: boolean | null;
  readonly notifies: readonly Notified[];
};

const tag = v.pipe(v.string(), v.regex(/^[^\s,]+$/, 'a tag has no blanks and no commas'));

/** Entries of a schema for the keywords that tasks inherit. */
export const inheritedEntries = {
  when: v.optional(v.unknown()),
  vars: v.optional(v.record(v.string(), v.unknown())),
  tags: v.optional(v.union([v.string(), v.array(tag)])),
  ignore_errors: v.optional(v.boolean()),
  become: v.optional(v.boolean()),
  become_user: v.optional(v.pipe(v.string(), v.nonEmpty('a user is needed'))),
  environment: v.optional(v.record(v.string(), v.unknown())),
  timeout: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(86_400))),
  no_log: v.optional(v.boolean()),
  diff: v.optional(v.boolean()),
  check_mode: v.optional(v.boolean()),
  network: v.optional(v.boolean()),
  run_once: v.optional(v.boolean()),
  delegate_to: v.optional(v.pipe(v.string(), v.nonEmpty('a host is needed'))),
} as const;

const schema = v.object(inheritedEntries);

/** What tasks inherit once a node has said its part; `fields` are of a schema with `inheritedEntries`. */
export function inheritFrom(
  outer: Inherited,
  fields: v.InferOutput<typeof schema>,
  node: SourceNode,
  owner = ownerWords(node),
): Result<Inherited> {
  const diagnostics: Diagnostic[] = [];
  const conditions = readConditions(nodeAt(node, ['when']));
  if (!conditions.ok) diagnostics.push(...conditions.diagnostics);
  const findings = new Findings();
  const vars = ownedBy(readVars(nodeAt(node, ['vars']), findings), owner);
  diagnostics.push(...findings.sorted([]), ...refusedKeywords(fields, node));
  if (diagnostics.length > 0 || !conditions.ok) return { ok: false, diagnostics };
  const delegate = nodeAt(node, ['delegate_to']);
  const user = nodeAt(node, ['become_user']);
  return {
    ok: true,
    value: {
      ...outer,
      when: [...outer.when, ...conditions.value],
      vars: Object.keys(vars).length === 0 ? outer.vars : [...outer.vars, vars],
      tags: [...new Set([...outer.tags, ...tagsOf(fields.tags)])],
      ignoresErrors: fields.ignore_errors ?? outer.ignoresErrors,
      becomes: fields.become ?? outer.becomes,
      becomeUser: user?.kind === 'scalar' ? user : outer.becomeUser,
      environment: environmentOf(outer.environment, nodeAt(node, ['environment'])),
      timeoutSeconds: fields.timeout ?? outer.timeoutSeconds,
      isSilent: fields.no_log ?? outer.isSilent,
      showsDiff: fields.diff ?? outer.showsDiff,
      isCheckOnly: fields.check_mode ?? outer.isCheckOnly,
      network: fields.network ?? outer.network,
      isOnce: fields.run_once ?? outer.isOnce,
      delegate: delegate?.kind === 'scalar' ? delegate : outer.delegate,
    },
  };
}

function refusedKeywords(
  { check_mode: checkMode, become }: v.InferOutput<typeof schema>,
  node: SourceNode,
) {
  const at = (keyword: string) => nodeAt(node, [keyword])?.place ?? node.place;
  return [
    ...(checkMode === false
      ? [
          diagnosticAt(
            at('check_mode'),
            'a check never changes a host',
            'of a command that only reads, say "changes: never": it runs in a check, too',
          ),
        ]
      : []),
    ...(become === false
      ? [
          diagnosticAt(
            at('become'),
            'all programs of a host run as one user',
            'name the user of these commands: become_user',
          ),
        ]
      : []),
  ];
}

/** `a,b` or a list. */
function tagsOf(written: string | readonly string[] | undefined): readonly string[] {
  const list = typeof written === 'string' ? written.split(',') : (written ?? []);
  return list.map((name) => name.trim()).filter((name) => name !== '');
}

/** Inner names over outer ones. */
function environmentOf(outer: SourceNode | null, own: SourceNode | undefined): SourceNode | null {
  if (own?.kind !== 'map') return outer;
  if (outer?.kind !== 'map') return own;
  return { ...own, entries: new Map([...outer.entries, ...own.entries]) };
}

/** The names of handlers or topics at a keyword. */
export function namesAt(node: SourceNode, keyword: string): readonly Notified[] {
  const written = nodeAt(node, [keyword]);
  const items = written?.kind === 'list' ? written.items : written === undefined ? [] : [written];
  return items.flatMap(({ place, ...item }) =>
    item.kind === 'scalar' ? [{ name: String(item.value), place }] : [],
  );
}

/** What nobody has said anything of. */
export function nothingInherited(extraVars: Variables): Inherited {
  return {
    when: [] as readonly Expression[],
    vars: [],
    defaults: [],
    extraVars,
    ignoresErrors: false,
    becomes: false,
    becomeUser: null,
    environment: null,
    timeoutSeconds: null,
    isSilent: false,
    showsDiff: true,
    isCheckOnly: false,
    tags: [],
    network: null,
    notifies: [],
    isOnce: false,
    delegate: null,
  };
}
