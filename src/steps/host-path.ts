import * as v from 'valibot';
import { isHostPath } from '../host/names.ts';

/** A parameter that names a place on the host. */
export const hostPath = v.pipe(
  v.string(),
  v.check(isHostPath, 'a path here begins with "/" and is one line of at most 4095 bytes'),
);
