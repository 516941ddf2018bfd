import { describe, expect, test } from 'vitest';
import { convertTasks } from '../../src/convert/convert-tasks.ts';
import { readKeptYaml } from '../../src/source/read-kept-yaml.ts';
import { writeKeptYaml } from '../../src/source/write-kept-yaml.ts';

function converted(text: string): string {
  const read = readKeptYaml(text, 'tasks.yml');
  if (!read.ok) throw new Error('bad YAML');
  const root = convertTasks(read.value.root, 'tasks', { glob: () => ['a.conf', 'b.conf'] });
  return writeKeptYaml({ ...read.value, root });
}

const cases: readonly (readonly [string, string, string])[] = [
  [
    'parameters in a line',
    `- lineinfile: dest=/etc/x line="a b" create=yes state='present'`,
    '- lineinfile:\n    path: /etc/x\n    line: a b\n    create: true\n    state: present\n',
  ],
  [
    'a free text with options beside it',
    '- command: make all chdir=/src creates=/src/out',
    '- command:\n    cmd: make all\n    chdir: /src\n    creates: /src/out\n',
  ],
  [
    'args',
    '- shell: echo a\n  args: { chdir: /tmp, executable: /bin/sh, creates: /x }\n',
    '- shell:\n    cmd: echo a\n    chdir: /tmp\n    executable: /bin/sh\n    creates: /x\n',
  ],
  [
    'a command that does not say what it changes',
    '- command: reboot-needed\n',
    '- command:\n    cmd: reboot-needed\n    changes: always\n',
  ],
  [
    'a command that only reads',
    '- command: uname -r\n  changed_when: no\n  check_mode: no\n',
    '- command:\n    cmd: uname -r\n    changes: never\n',
  ],
  [
    'a host that is added, with variables and the way to it',
    '- add_host: name=new groups=web,db ansible_host=10.0.0.9 ansible_user=root color=blue\n',
    '- add_host:\n    name: new\n    groups: web,db\n    address: 10.0.0.9\n    ssh: { user: root }\n    vars: { color: blue }\n',
  ],
  ['an action', '- action: ansible.builtin.debug msg=hi\n', '- debug: hi\n'],
  [
    'a local action',
    '- local_action: { module: debug, msg: hi }\n  when: x|changed\n',
    '- debug: hi\n  delegate_to: localhost\n  when: x is changed\n',
  ],
  [
    'a mode that is a number',
    '- file: { path: /x, mode: 0644 }\n',
    "- file: { path: /x, mode: '0644' }\n",
  ],
  [
    'with_items over a variable',
    '- debug: msg={{ item }}\n  with_items: "{{ xs }}"\n',
    '- debug: "{{ item }}"\n  loop: "{{ xs | flatten(levels=1) }}"\n',
  ],
  [
    'with_items over texts',
    '- debug: msg=1\n  with_items:\n    - a # first\n    - b\n',
    '- debug: "1"\n  loop:\n    - a # first\n    - b\n',
  ],
  [
    'with_dict',
    '- debug: msg={{ item.key }}\n  with_dict: "{{ d }}"\n',
    '- debug: "{{ item.key }}"\n  loop: "{{ d | dict2items }}"\n',
  ],
  [
    'with_sequence',
    '- debug: msg={{ item }}\n  with_sequence: start=2 end={{ n }} stride=2\n',
    '- debug: "{{ item }}"\n  loop: "{{ range(2, n + 1, 2) | map(\'string\') | list }}"\n',
  ],
  ['a condition in braces', '- debug: msg=1\n  when: "{{ a }}"\n', '- debug: "1"\n  when: "a"\n'],
  [
    'a condition that is a text',
    '- debug: msg=1\n  when: [x.stdout, not y.stdout]\n',
    '- debug: "1"\n  when: [ x.stdout | length > 0, y.stdout | length == 0 ]\n',
  ],
  [
    'daemon_reload alone',
    '- systemd: daemon_reload=yes\n',
    '- command:\n    argv: [ systemctl, daemon-reload ]\n    changes: always\n',
  ],
  [
    'async',
    '- command: ls creates=/x\n  async: 30\n  poll: 5\n',
    '- command:\n    cmd: ls\n    creates: /x\n  timeout: 30\n',
  ],
  [
    'a block of blocks',
    '- block:\n  - block:\n    - debug: msg=1\n  become: yes\n',
    '- block:\n    - block:\n        - debug: "1"\n  become: true\n',
  ],
  ['include', '- include: a.yml x=1\n', '- import_tasks: a.yml\n  vars:\n    x: "1"\n'],
];

describe('convertTasks', () => {
  test.each(cases)('%s', (_name, from, to) => {
    expect(converted(from)).toBe(to);
  });

  test.each([
    ['apt: upgrade=dist', 'package has no upgrade'],
    ['ec2_instance: name=x', 'no step for ec2_instance'],
    ['debug: "{{ all_of_it }}"', 'parameters are a variable'],
    ['copy: oops', 'has no name'],
  ])('%s becomes a comment', (task, why) => {
    const text = converted(`- debug: msg=before\n- ${task}\n- debug: msg=behind\n`);

    expect(text).toContain(`# TODO: `);
    expect(text).toContain(why);
    expect(text.split('\n').filter((line) => /^- /.test(line))).toEqual([
      '- debug: before',
      '- debug: behind',
    ]);
  });

  test('a comment holds whatever the task holds', () => {
    const text = converted('- nothing_known: |\n    a\n    # b\n    - c: {{ d }}\n');

    expect(
      text
        .split('\n')
        .filter((line) => line !== '')
        .every((line) => /^(?:#|- meta: noop)/.test(line)),
    ).toBe(true);
  });
});
