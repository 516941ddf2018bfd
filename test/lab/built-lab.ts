import { join } from 'node:path';

/** The lab as a release has it, for tests that need it in a process of their own: `npm run build` makes it. */
export const builtLab = join(import.meta.dirname, '../../dist/lab');
