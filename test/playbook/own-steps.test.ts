import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';
import { PlaybookFiles } from '../../src/playbook/playbook-files.ts';
import { notSteps } from '../../src/playbook/read-keywords.ts';
import { builtInSteps } from '../../src/playbook/step-book.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { bind, planTwice } from '../steps/observed.ts';

const root = join(import.meta.dirname, '..', '..');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xpush-own-steps-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
}

/** What is wrong with the playbook, in words, with DIR for the directory. */
function complaints(files: Readonly<Record<string, string>>): string {
  write({ 'site.yaml': '- hosts: all\n  tasks: [{ mine: }]\n', ...files });
  try {
    loadPlaybooks([join(directory, 'site.yaml')]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.diagnostics.map(formatDiagnostic).join('\n').replaceAll(directory, 'DIR');
  }
  return '';
}

const mine = (parts = ''): string =>
  `export const step = ({ defineStep, noParams, query }) => defineStep({
  name: 'mine',
  summary: 'Mine.',
  on: ['host'],
  params: noParams,
  queries: () => ({}),
  plan: () => ({ changes: [] }),
  ${parts}
});
`;

/** How the step plans its only task. */
function planned(code: string): unknown {
  write({ 'site.yaml': '- hosts: all\n  tasks: [{ mine: }]\n', 'steps/mine.js': code });
  const [book] = loadPlaybooks([join(directory, 'site.yaml')]);
  const task = book?.plays[0]?.tasks[0];
  if (task === undefined) throw new Error('no task');
  const { first } = planTwice(bind(task.step, 'plain', task.params));
  return JSON.parse(JSON.stringify(first).replaceAll(directory, 'DIR'));
}

describe('withOwnSteps', () => {
  test('has the steps beside the playbook, in TypeScript and in JavaScript', () => {
    cpSync(join(root, 'docs/examples/own-steps'), directory, { recursive: true });
    const files = new PlaybookFiles();

    const [book] = loadPlaybooks([join(directory, 'site.yaml')], { files });

    const tasks = book?.plays[0]?.tasks ?? [];
    expect(tasks.map(({ step }) => step.name)).toEqual(['login_banner', 'disk_room', 'debug']);
    expect(files.names).toEqual(
      ['site.yaml', 'steps/disk-room.js', 'steps/login-banner.ts'].map((name) =>
        join(directory, name),
      ),
    );
  });

  test('has those of a role inside that role only', () => {
    const files = {
      'roles/web/steps/mine.mjs': mine(),
      'roles/web/tasks/main.yaml': '- mine:\n',
    };

    write({ ...files, 'site.yaml': '- hosts: all\n  roles: [web]\n' });
    expect(loadPlaybooks([join(directory, 'site.yaml')])[0]?.plays[0]?.tasks).toHaveLength(1);
    expect(complaints(files)).toMatch(/unknown step or keyword "mine"/);
  });

  test('their parameters are checked with places', () => {
    const site = '- hosts: all\n  tasks: [{ mine: { sise: 1 } }]\n';
    const code = mine()
      .replace(': noParams,', ': v.strictObject({ size: v.number() }),')
      .replace('noParams,', 'v,');

    const wrong = complaints({ 'site.yaml': site, 'steps/mine.js': code });

    expect(wrong).toMatch(/^DIR\/site.yaml:2:21: unknown key "sise"/m);
    expect(wrong).toMatch(/did you mean "size"/);
  });

  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    [
      "a step of xpush's own",
      { 'steps/a.ts': mine().replace("'mine'", "'copy'") },
      /^DIR\/steps\/a.ts:2:9: "copy" is a step of xpush's own\n {2} {2}name: 'copy',\n {10}\^~~~~~/,
    ],
    [
      'another step',
      { 'steps/a.js': mine(), 'steps/b.js': mine() },
      /^DIR\/steps\/b.js:2:9: "mine" is a step in DIR\/steps\/a.js:2:9, too/,
    ],
    [
      "the playbook's step",
      {
        'steps/a.js': mine(),
        'roles/r/steps/b.js': mine(),
        'site.yaml': '- hosts: all\n  roles: [r]\n',
      },
      /^DIR\/roles\/r\/steps\/b.js:2:9: "mine" is a step in DIR\/steps\/a.js:2:9, too/,
    ],
    [
      'a keyword',
      { 'steps/a.js': mine().replace("'mine'", "'register'") },
      /a.js:\d+:\d+: name is a keyword of tasks: give it another name/,
    ],
  ])('a name is refused that is also %s', (_, files, words) => {
    expect(complaints(files)).toMatch(words);
  });

  test.each<[string, string, RegExp]>([
    [
      'a mistake of syntax',
      'const a = 1;\nexport const step = (;\n',
      /^DIR\/steps\/mine.ts:2:\d+: /,
    ],
    ['a bracket too few', 'export const step = () => {\n', /^DIR\/steps\/mine.ts:\d:\d+: /],
    ['a throw at the top', '\nthrow new Error("no luck");\n', /^DIR\/steps\/mine.ts:2:1: no luck/],
    [
      'a throw in the function',
      'export const step = () => {\n  let a: any;\n  return a.b;\n};\n',
      /^DIR\/steps\/mine.ts:3:3: TypeError: .*reading 'b'/,
    ],
    [
      'a step that leaves traces by its parameters',
      mine('leave: () => ({ changes: [] }),')
        .replace('params: noParams', 'params: v.strictObject({ path: v.string() })')
        .replace('noParams, query', 'v'),
      /^DIR\/steps\/mine.ts:1:\d+: leave is for steps that can do without parameters/,
    ],
    ['no step', 'export const a = 1;\n', /this file exports no function "step"/],
    ['another thing', 'export const step = () => ({});\n', /gives nothing that defineStep made/],
    ['a package', 'import x from "lodash";\nx();\n', /^DIR\/steps\/mine.ts:1:1: "lodash" is not/],
    [
      'xpush itself',
      '\nimport { query } from "xpush";\nquery.tool("x");\n',
      /"xpush" is not there for steps: write "import type"/,
    ],
    ['a bad import', 'import "./none.ts";\n', /none.ts: no such file of a step/],
    ['no plan', mine().replace(/ {2}plan: .*\n/, ''), /plan of the step is missing/],
    ['a wrong host', mine().replace("['host']", "['vm']"), /on.0 is "dom0", "domU" or "host"/],
    ['no schema', mine().replace(' noParams,\n', ' {},\n'), /params.* is v.strictObject/],
  ])('%s is told with its line', (_, code, words) => {
    expect(complaints({ 'steps/mine.ts': code })).toMatch(words);
  });

  test('files beside a step can be shared, and modules of node are there', () => {
    write({
      'steps/lib/shared.ts': 'export const title: string = "shared";\n',
      'site.yaml': '- hosts: all\n  tasks: [{ mine: }]\n',
      'steps/mine.ts': `import { basename } from 'node:path';
import { title } from './lib/shared.ts';
${mine().replace("'Mine.'", "basename('/a/b') + title").replace('noParams, query }', 'noParams }: any')}`,
      'steps/mine.test.ts': 'throw new Error("this is no step");\n',
    });

    const [book] = loadPlaybooks([join(directory, 'site.yaml')]);

    expect(book?.plays[0]?.tasks[0]?.step.summary).toBe('bshared');
  });

  test('what others may write to is not run', () => {
    write({ 'steps/mine.js': mine() });
    chmodSync(join(directory, 'steps', 'mine.js'), 0o666);
    expect(complaints({})).toMatch(/mine.js is not read: everybody may write to it/);

    chmodSync(join(directory, 'steps', 'mine.js'), 0o644);
    chmodSync(join(directory, 'steps'), 0o777);
    expect(complaints({})).toMatch(/steps is not read: everybody may write to it/);
  });
});

describe("a user's step that goes wrong fails its task", () => {
  const withPlan = (plan: string): string => mine(`plan: ${plan},`);

  test.each<[string, string, string]>([
    ['throws', withPlan('() => { null.x }'), 'DIR/steps/mine.js:8: TypeError: Cannot read'],
    ['throws a text', withPlan('() => { throw "x" }'), 'DIR/steps/mine.js: throws "x"'],
    ['gives nothing', withPlan('() => {}'), '"plan" gives is to be { changes: [...] }'],
    ['gives a promise', withPlan('async () => { throw 1 }'), '"plan" gives a promise'],
    ['gives lists', withPlan('() => ({ changes: [[]] })'), 'at changes.0, is to be a change'],
    [
      'gives functions',
      withPlan('() => ({ changes: [], data: { f() {} } })'),
      'at data.f, is to be data',
    ],
    ['asks nothing', mine('queries: () => null,'), '"queries" gives is to be a map of queries'],
    ['asks for it', mine('queries: () => ({ a: 1 }),'), 'at a, is to be a query'],
    ['throws early', mine('\n  queries: () => { x },'), 'mine.js:9: ReferenceError: x is not'],
  ])('when it %s', (_, code, words) => {
    expect(planned(code)).toMatchObject({ refusal: expect.stringContaining(words) });
  });
});

test('no step of xpush has the name of a keyword', () => {
  expect([...builtInSteps.keys()].filter((name) => notSteps.includes(name))).toEqual([]);
});

test('the types of a step are those of the package', { timeout: 60_000 }, () => {
  const steps = join(root, 'docs/examples/own-steps/steps/*.ts');
  write({
    'tsconfig.json': JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        paths: { xpush: [join(root, 'src/index.ts')] },
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: [steps],
    }),
  });

  const { stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', directory], {
    encoding: 'utf8',
  });

  expect(stdout.split('\n').filter((line) => line.includes('docs/examples'))).toEqual([]);
});
