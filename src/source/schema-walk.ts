import * as v from 'valibot';
import type { Path, SourceNode } from './source-node.ts';

const MAP_TYPES = new Set([
  'object',
  'strict_object',
  'loose_object',
  'object_with_rest',
  'record',
]);

/** Types of schemas that take secrets; what is unknown here is checked elsewhere. */
const SECRET_TYPES = new Set(['any', 'unknown', 'instance']);

/** The parts that the library's schemas may have, as far as paths lead through them. */
interface SchemaParts {
  readonly type: string;
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly wrapped?: v.GenericSchema;
  readonly options?: readonly v.GenericSchema[];
  readonly items?: readonly v.GenericSchema[];
  readonly item?: v.GenericSchema;
  readonly value?: v.GenericSchema;
  readonly getter?: (input: unknown) => v.GenericSchema;
}

/** The keys that a schema knows for the map at a path; keys that are refused are not suggested. */
export function knownKeys(
  schema: v.GenericSchema,
  path: Path,
): { readonly all: ReadonlySet<string>; readonly suggested: readonly string[] } {
  let schemas = unwrapped(schema);
  for (const step of path) {
    schemas = schemas.flatMap((parts) => child(parts, step)).flatMap(unwrapped);
  }
  const entries = schemas.flatMap((parts) => Object.entries(parts.entries ?? {}));
  const suggested = entries.filter(([, entry]) => !unwrapped(entry).every(isNever));
  return {
    all: new Set(entries.map(([key]) => key)),
    suggested: [...new Set(suggested.map(([key]) => key))],
  };
}

/** Paths of the lists that stand where only a map may: the library takes lists for maps. */
export function misplacedLists(schema: v.GenericSchema, node: SourceNode): readonly Path[] {
  return listsIn(unwrapped(schema), node);
}

function listsIn(schemas: readonly SchemaParts[], node: SourceNode): Path[] {
  if (node.kind === 'scalar' || node.kind === 'secret' || schemas.length === 0) return [];
  if (node.kind === 'list' && !schemas.some(takesLists) && schemas.some(isMap)) return [[]];
  const found: Path[] = [];
  const look = (step: string | number, part: SourceNode): void => {
    if (part.kind === 'scalar' || part.kind === 'secret') return;
    const inner = schemas.flatMap((parts) => child(parts, step)).flatMap(unwrapped);
    for (const path of listsIn(inner, part)) found.push([step, ...path]);
  };
  if (node.kind === 'list') node.items.forEach((item, index) => void look(index, item));
  else for (const [key, { value }] of node.entries) look(key, value);
  return found;
}

/** A part that is a secret where the schema has none, and why it can't be there. */
export interface MisplacedSecret {
  readonly path: Path;
  /** As `noSecret` of the schema says; null when it says nothing. */
  readonly why: string | null;
}

/** The secrets that stand where the schema takes plain data. */
export function misplacedSecrets(
  schema: v.GenericSchema,
  node: SourceNode,
): readonly MisplacedSecret[] {
  return secretsBelow([schema], node, null);
}

function secretsBelow(
  schemas: readonly v.GenericSchema[],
  node: SourceNode,
  reason: string | null,
): MisplacedSecret[] {
  if (node.kind === 'scalar' || schemas.length === 0) return [];
  const options = schemas.flatMap(unwrapped);
  const why = schemas.map(reasonOf).find((one) => one !== null) ?? reason;
  if (node.kind === 'secret') {
    return options.some(({ type }) => SECRET_TYPES.has(type)) ? [] : [{ path: [], why }];
  }
  const found: MisplacedSecret[] = [];
  const look = (step: string | number, part: SourceNode): void => {
    const inner = options.flatMap((parts) => child(parts, step));
    // where the schema goes no further, what is there is refused for another reason
    for (const one of secretsBelow(inner, part, why)) {
      found.push({ path: [step, ...one.path], why: one.why });
    }
  };
  if (node.kind === 'list') node.items.forEach((item, index) => void look(index, item));
  else for (const [key, { value }] of node.entries) look(key, value);
  return found;
}

/** Says why a value can't be a secret, to whoever writes one there. */
export function noSecret<T>(why: string): v.MetadataAction<T, { readonly noSecret: string }> {
  return v.metadata({ noSecret: why });
}

function reasonOf(schema: v.GenericSchema): string | null {
  const inner = unwrappedOptional(schema);
  const { noSecret: why } = v.getMetadata(inner);
  return typeof why === 'string' ? why : null;
}

function unwrappedOptional(schema: v.GenericSchema): v.GenericSchema {
  const { wrapped } = schema as unknown as SchemaParts;
  return wrapped === undefined ? schema : unwrappedOptional(wrapped);
}

function child(parts: SchemaParts, step: string | number): v.GenericSchema[] {
  const known = parts.entries;
  if (known !== undefined) {
    const entry = Object.hasOwn(known, step) ? known[step] : undefined;
    return entry === undefined ? [] : [entry];
  }
  const item = typeof step === 'number' ? (parts.items?.[step] ?? parts.item) : parts.value;
  return item === undefined ? [] : [item];
}

const unwrappedSchemas = new WeakMap<v.GenericSchema, readonly SchemaParts[]>();

/** A schema without `optional` and its kind; of a union or variant, all options. */
function unwrapped(schema: v.GenericSchema): readonly SchemaParts[] {
  const known = unwrappedSchemas.get(schema);
  if (known !== undefined) return known;
  const parts = unwrap(schema as unknown as SchemaParts);
  unwrappedSchemas.set(schema, parts);
  return parts;
}

function unwrap(parts: SchemaParts): readonly SchemaParts[] {
  if (parts.wrapped !== undefined) return unwrapped(parts.wrapped);
  if (parts.getter !== undefined) return unwrapped(parts.getter(undefined));
  const options = parts.options?.filter((option) => typeof option === 'object');
  return options === undefined || options.length === 0 ? [parts] : options.flatMap(unwrapped);
}

function isMap({ type }: SchemaParts): boolean {
  return MAP_TYPES.has(type);
}

function takesLists(parts: SchemaParts): boolean {
  const takesAll = ['any', 'unknown', 'custom', 'instance'].includes(parts.type);
  return takesAll || parts.item !== undefined || parts.items !== undefined;
}

function isNever({ type }: SchemaParts): boolean {
  return type === 'never';
}
