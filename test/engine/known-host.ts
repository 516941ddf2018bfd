import type { Observation } from '../../src/host/look-program.ts';
import { type Answer, type Query, query, queryKey } from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';

/** A host of which these answers are known. */
export function hostWith(answers: readonly (readonly [Query, Answer<Query>])[]): HostState {
  return new HostState(
    new Map(answers.map(([asked, answer]) => [queryKey(asked), { answer } as Observation])),
  );
}

/** A host that could not answer these. */
export function hostFailing(...asked: readonly Query[]): HostState {
  return new HostState(
    new Map(asked.map((one) => [queryKey(one), { failure: 'it could not be read' }])),
  );
}

/** A host with such files; null: there is none. */
export function hostWithFiles(files: Readonly<Record<string, string | null>>): HostState {
  return hostWith(
    Object.entries(files).map(([path, content]) => [
      query.file(path),
      content === null
        ? { type: 'absent' }
        : { type: 'file', mode: 0o644, uid: 0, gid: 0, size: content.length, content },
    ]),
  );
}
