import { describe, expect, test } from 'vitest';
import { addHost } from '../../src/steps/add-host.ts';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';
import { bind, stateFor } from './observed.ts';

const { runTasks: run } = playbookOnLocalHost();

describe('add_host', () => {
  test('changes nothing on its host, asks nothing of it, and tells what is added', () => {
    const bound = bind(addHost, 'plain', {
      ...{ name: 'new', groups: ['web'], address: '10.0.0.9' },
      ...{ ssh: { port: 2222 }, vars: { color: 'blue' } },
    });

    expect(bound.queries).toEqual([]);
    expect(bound.plan(stateFor(bound, {}))).toMatchObject({
      changes: [],
      message: 'new to web',
      data: { add_host: { host_name: 'new', groups: ['web'] } },
      adds: [
        {
          ...{ kind: 'host', name: 'new', groups: ['web'], vars: { color: 'blue' } },
          entry: { address: '10.0.0.9', ssh: { port: 2222 } },
        },
      ],
    });
  });

  test('of a host that is there says which groups it joins', () => {
    const bound = bind(addHost, 'plain', { name: 'xen1', groups: ['web'] });

    expect(bound.plan(stateFor(bound, {}))).toMatchObject({
      message: 'xen1 joins web',
      adds: [{ entry: null }],
    });
  });

  test.each([
    ['{ groups: web }', 'name'],
    ['{ name: a b }', 'not a host name'],
    ['{ name: a, groups: [all] }', 'reserved'],
    ['{ name: a, groups: "web,9" }', 'not a group name'],
    ['{ name: a, ssh: { prot: 22 } }', 'prot'],
    ['{ name: a, address: 1.2.3 }', '1.2.3'],
    ['{ name: a, vars: { a-b: 1 } }', 'a-b'],
    ['{ name: a, ansible_host: b }', 'ansible_host'],
  ])('refuses %s beforehand', async (params, message) => {
    await expect(run(`- add_host: ${params}`)).rejects.toThrow(message);
  });
});
