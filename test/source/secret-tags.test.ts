import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { parseYaml, readYaml } from '../../src/source/parse-yaml.ts';
import { noSecret } from '../../src/source/schema-walk.ts';
import { Secret } from '../../src/source/secret.ts';
import { nodeAt, toData } from '../../src/source/source-node.ts';
import { validate } from '../../src/source/validate.ts';
import { runs } from '../runs.ts';

function firstComplaint(yaml: string): string {
  const [first] = readYaml(yaml, 'f').diagnostics;
  return `${first?.position?.line}:${first?.position?.column} ${first?.message}`;
}

const canary = 'canary-6b1f';

/** What is said of a text that may hold secrets, as people see it. */
function said(yaml: string): string {
  return readYaml(yaml, 'f', { takesSecrets: true }).diagnostics.map(formatDiagnostic).join('\n');
}

describe('secret tags', () => {
  test.each([
    ['!secret db', { kind: 'file', name: 'db' }],
    ['!secret "prod/db.main"', { kind: 'file', name: 'prod/db.main' }],
    ['!secret { env: DB }', { kind: 'environment', name: 'DB' }],
    [
      '!secret { command: [pass, show, $HOME] }',
      { kind: 'command', argv: ['pass', 'show', '$HOME'] },
    ],
    [
      '!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  00\n',
      { kind: 'vault', envelope: '$ANSIBLE_VAULT;1.1;AES256\n00' },
    ],
  ])('%s is a secret', (written, origin) => {
    const parsed = parseYaml(`a: [${written.includes('|') ? '' : written}]\nb: ${written}`, 'f', {
      takesSecrets: true,
    });

    const node = parsed.ok ? nodeAt(parsed.value, ['b']) : undefined;
    expect(node?.kind === 'secret' && node.secret.origin).toEqual(origin);
    expect(JSON.stringify(parsed.ok && toData(parsed.value))).toContain('"b":"***"');
  });

  test.each([
    `!secret ${canary}!`,
    `!secret`,
    `!secret { value: ${canary} }`,
    `!secret { env: ${canary} }`,
    `!secret { env: DB, command: [${canary}] }`,
    `!secret { command: ${canary} }`,
    `!secret { command: [] }`,
    `!secret { command: [pass, 1] }`,
    `!secret { command: [pass, { ${canary}: 1 }] }`,
    `!secret { ${canary}: 1, ${canary}: 2 }`,
    `!secret\n  value:\n    ${canary}`,
    `!secret [${canary}]`,
    `!vault ${canary}`,
    `!vault { a: ${canary} }`,
    `!vault |\n  ${canary}\n`,
    `!secrte ${canary}`,
    `!vualt ${canary}`,
    `{ ? !secret ${canary} : 1 }`,
  ])('%s is refused, and nothing of it is shown', (written) => {
    expect(said(`x: 1\na: ${written}`)).toMatch(/^f:[23]:\d+: /);
    expect(said(`x: 1\na: ${written}`)).not.toContain(canary);
    expect(said(`a: ${written}\nb: { c: 1, c: 2 }`)).not.toContain(canary);
  });

  test('hints at what was meant', () => {
    expect(said('a: !secrt db')).toContain('hint: did you mean "!secret"?');
    expect(said('a: !secret { value: x }')).toContain('write !secret NAME, !secret { env:');
    expect(said('a: !vault x')).toContain('ansible-vault encrypt_string');
    expect(said('a: !reference x')).toContain('hint: quote the text if it begins with "!"');
  });

  test('stand for nothing where secrets are not expected, such as in files of hosts', () => {
    expect(firstComplaint('a: !secret db')).toBe('1:4 the tag "!secret" does not fit here');
    expect(firstComplaint('a: !vault db')).toBe('1:4 the tag "!vault" does not fit here');
  });

  test('are refused where the schema has plain data, with a reason', () => {
    const schema = v.strictObject({
      name: v.string(),
      words: v.pipe(v.array(v.string()), noSecret('all may read them')),
      map: v.record(v.string(), v.string()),
      any: v.unknown(),
      given: v.union([v.string(), v.instance(Secret)]),
    });
    const yaml = (value: string, given: string) =>
      `{ name: ${value}, words: [a, ${value}], map: ${value}, any: [${given}], given: ${given} }`;
    const check = (text: string) => {
      const parsed = parseYaml(text, 'f', { takesSecrets: true });
      const checked = parsed.ok ? validate(schema, parsed.value) : parsed;
      return checked.ok ? checked.value : checked.diagnostics.map(({ message }) => message);
    };

    expect(check(yaml('!secret db', '!secret db'))).toEqual([
      'name takes no secret',
      'words[1] takes no secret: all may read them',
      'map takes no secret',
    ]);
    expect(check(`{ name: a, words: [], map: { a: b }, any: 1, given: !secret db }`)).toMatchObject(
      {
        given: expect.any(Secret),
      },
    );
  });

  test('nothing of a text that is secret as a whole is repeated', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (noise, at) => {
        const text = `a: [b, "${canary}", '${canary}', *${canary}]\n${canary}: ${canary}\n`;
        const cut = at % text.length;
        const broken = text.slice(0, cut) + noise + text.slice(cut);

        const { diagnostics } = readYaml(broken, 'f', { isSecret: true });

        for (const one of diagnostics) expect(formatDiagnostic(one)).not.toContain('canary');
      }),
      { numRuns: runs() },
    );
  });
});
