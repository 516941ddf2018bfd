import * as v from 'valibot';
import { isHostPath } from '../host/names.ts';
import { type Query, query } from '../host/query.ts';

/** A parameter that names a place on the host. */
export const hostPath = v.pipe(
  v.string(),
  v.check(isHostPath, 'a path here begins with "/" and is one line of at most 4095 bytes'),
  v.metadata({ isHostPath: true }),
);

/** Whether a parameter names one. */
export function namesHostPath(schema: v.GenericSchema): boolean {
  const { wrapped = schema } = schema as v.GenericSchema & { readonly wrapped?: v.GenericSchema };
  const { isHostPath: isOne } = v.getMetadata(wrapped);
  return isOne === true;
}

/** Asks where these look: what the user named may be known by other names to other tasks. */
export function aliasesOf(queries: readonly Query[]): readonly Query[] {
  const paths = queries.flatMap((one) => {
    switch (one.kind) {
      case 'file':
      case 'directory':
      case 'entry':
      case 'tree':
        return one.path.replace(/\/+$/, '') || [];
      default:
        return [];
    }
  });
  return paths.length === 0 ? [] : [query.aliases([...new Set(paths)])];
}
