import { afterAll, expect } from 'vitest';

/** What the files that share a process share besides modules. */
const surroundings = () => ({
  environment: { ...process.env },
  directory: process.cwd(),
  umask: process.umask(),
  exitCode: process.exitCode,
});

const before = surroundings();

// of a file that leaves its process otherwise, another one that comes to it would tell
afterAll(() => {
  expect(surroundings(), 'the process as the file found it').toEqual(before);
});
