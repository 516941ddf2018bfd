import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from './host/shells.ts';

const passes = "import { test } from 'vitest'; test('one', () => {});";
const fails = "import { test } from 'vitest'; test('one', () => { throw new Error('no'); });";
const errs = `${passes} setTimeout(() => { throw new Error('late'); }); await new Promise((done) => setTimeout(done, 50));`;
const refutes = `import fc from ${JSON.stringify(import.meta.resolve('fast-check'))}; import { test } from 'vitest';
test('one', () => fc.assert(fc.property(fc.nat(), (n) => n < 5)));`;

test.each([
  [
    'names those that failed, and those only',
    { passes, fails, broken: 'nonsense(' },
    ['broken', 'fails'],
  ],
  ['none where an error belongs to no test', { fails, errs }, []],
  ['none where a property has a counterexample', { fails, refutes }, []],
])('%s', (_, files, expected) => {
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, `${name}.test.js`), text);
  }
  const list = join(directory, 'failed');
  writeFileSync(
    join(directory, 'vitest.config.js'),
    `import { FailedFiles } from ${JSON.stringify(resolve('test/failed-files.ts'))};
export default { test: { reporters: [new FailedFiles(${JSON.stringify(list)})] } };`,
  );
  const argv = ['node_modules/vitest/vitest.mjs', 'run', '--root', directory];

  expect(() => execFileSync(process.execPath, argv, { stdio: 'ignore' })).toThrow('failed');

  const named = readFileSync(list, 'utf8')
    .split('\n')
    .filter((name) => name !== '');
  expect(named.toSorted()).toEqual(expected.map((name) => `${name}.test.js`));
});
