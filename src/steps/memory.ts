import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { type FileState, query } from '../host/query.ts';

/** Where xpush remembers on a host what it wrote there: one file a step. */
export const memoryDirectory = '/var/lib/xpush';

/** Asks for what a step remembers; spread it into the step's queries. */
export function memoryQueries(step: string) {
  return {
    memory: query.file(memoryPath(step)),
    memories: query.file(memoryDirectory),
  } as const;
}

interface Memories {
  readonly memory: FileState;
  readonly memories: FileState;
}

/**
 * What an earlier run of the step wrote. What no schema of ours accepts is the host's own doing and
 * tells nothing: null, as when there is no memory.
 */
export function recall<Schema extends v.GenericSchema>(
  { memory }: Memories,
  schema: Schema,
): v.InferOutput<Schema> | null {
  if (memory.type !== 'file' || memory.content === null) return null;
  try {
    const checked = v.safeParse(schema, JSON.parse(memory.content));
    return checked.success ? checked.output : null;
  } catch {
    return null;
  }
}

/** Upkeep that makes the step remember this; null: nothing is left to remember. */
export function remember(
  step: string,
  owned: unknown,
  { memory, memories }: Memories,
): readonly Change[] {
  const path = memoryPath(step);
  if (owned === null) return change.removeFile(path, memory, 'boot');
  return [
    ...change.makeDirectory(memoryDirectory, memories, 0o700),
    ...change.writeFile(path, `${JSON.stringify(owned)}\n`, memory, {
      effect: 'boot',
      mode: 0o600,
    }),
  ];
}

/** The file of a step's memory. */
export function memoryPath(step: string): string {
  return `${memoryDirectory}/${step}.json`;
}
