import { describe, expect, test } from 'vitest';
import { explainDocument, explainText } from '../../src/cli/explain-text.ts';
import { readExtraVars } from '../../src/cli/extra-vars.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { explainVariable } from '../../src/playbook/explain-variable.ts';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { PlaybookFiles } from '../../src/playbook/playbook-files.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: `
vars: { port: 80, url: "http://{{ inventory_hostname }}:{{ port }}", pw: !secret pw, dsn: "x:{{ pw }}" }
hosts: { a: { vars: { port: "{{ 8000 + n }}", n: 80 } }, b: {} }
groups:
  outer: { children: [inner], vars: { port: 81 } }
  inner: { hosts: [a], vars: { port: 82 } }
`,
});

const playbook = `
- hosts: all
  name: Web
  vars: { port: 90, os: "{{ facts.kernel }}" }
  tasks:
    - { name: one, debug: { msg: x }, vars: { port: 91 } }
    - { name: two, debug: { msg: x }, register: port }
    - { name: three, set_fact: { port: "{{ n }}" } }
`;

function explain(name: string, text: string | null = null, ...words: readonly string[]): string {
  const node = parseYaml(text ?? '', 'site.yaml');
  const book = text === null || !node.ok ? null : parsePlaybook(node.value, 'site.yaml');
  const plays = book?.ok === true ? book.value.plays : [];
  const extra = readExtraVars(words, new PlaybookFiles());
  const host = inventory.hosts.get('a');
  if (host === undefined || !extra.ok) throw new Error('no host');
  const explained = explainVariable({ name, host, inventory, plays, extraVars: extra.value });
  return explained.ok ? explainText('a', name, explained) : `? ${explained.hint}`;
}

describe('explainVariable', () => {
  test('tells all levels of the inventory, the innermost first', () => {
    expect(explain('port')).toBe(`a: port = 8080
*  host a       <stdin>:3:29  "{{ 8000 + n }}" -> 8080
   group inner  <stdin>:6:38  82
   group outer  <stdin>:5:45  81
   all hosts    <stdin>:2:15  80
`);
  });

  test('works out what templates come to on the host', () => {
    expect(explain('url')).toContain('url = "http://a:8080"\n');
  });

  test('has the command line over all, then what runs tell, then plays', () => {
    const lines = explain('port', playbook, 'port=1').split('\n');

    expect(lines.slice(1).map((line) => line.slice(3).split(/ {2,}/)[0])).toEqual([
      '-e',
      'registered by task two, play Web',
      'set by task three, play Web',
      'task one, play Web',
      'play Web',
      'host a',
      'group inner',
      'group outer',
      'all hosts',
      '',
    ]);
    expect(lines[0]).toBe('a: port = "1"');
    expect(lines[4]).toMatch(/site\.yaml:6:\d+ +91$/);
  });

  test('names the block, the role, the task and the play that say it, and where the first one counts', () => {
    const blocks = `
- hosts: all
  name: Web
  tasks:
    - name: certs
      vars: { x: 1 }
      block:
        - { name: one, debug: { msg: x }, vars: { x: 2 } }
- hosts: all
  name: Alone
  vars: { x: 3 }
  tasks: [{ name: two, debug: { msg: x } }]
- hosts: all
  tasks:
    - { vars: { x: 4 }, block: [{ debug: { msg: x } }] }
`;
    expect(explain('x', blocks)).toBe(`a: x = 2 (task one, play Web)
*  task one, play Web     site.yaml:8:54   2
   block certs, play Web  site.yaml:6:18   1
   play Alone             site.yaml:11:14  3
   a block, play all      site.yaml:15:20  4
`);
  });

  test('is a document for programs', () => {
    const host = inventory.hosts.get('a');
    if (host === undefined) throw new Error('no host');
    const asked = { host, inventory, plays: [], extraVars: {} };
    const explained = explainVariable({ ...asked, name: 'pw' });
    if (!explained.ok) throw new Error('not explained');

    expect(JSON.parse(JSON.stringify(explainDocument('a', 'pw', explained)))).toEqual({
      ...{ schema: 1, host: 'a', name: 'pw' },
      origins: [
        {
          ...{ of: 'all hosts', place: '<stdin>:2:82', written: '***' },
          ...{ value: '***', isKnown: true, error: null },
        },
      ],
    });
  });

  test('guesses nothing that only a run can tell', () => {
    expect(explain('os', playbook)).toContain('os = known only in a run (play Web)\n');
  });

  test('shows no secret, and asks for none', () => {
    expect(explain('pw')).toBe('a: pw = "***"\n*  all hosts  <stdin>:2:82  "***"\n');
    expect(explain('dsn')).toMatch(/^a: dsn = "\*\*\*"\n/);
  });

  test('knows names of its own, and which name is near another', () => {
    expect(explain('inventory_hostname')).toBe('a: inventory_hostname = "a"\n*  xpush  -  "a"\n');
    expect(explain('prot')).toBe('? did you mean "port"?');
  });
});
