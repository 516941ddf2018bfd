import { describe, expect, test } from 'vitest';
import { type BecomeOverrides, endpointOf } from '../../src/engine/endpoint.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: `
networks: { lan: { subnet: 10.0.0.0/24 } }
ssh: { user: admin, connect_timeout: 3 }
dom0: { xen1: { address: 10.0.0.2, ssh: { port: 2222, jump: bastion.example } } }
domU: { web: { dom0: xen1, vifs: [{ ip: 10.0.0.10 }], ssh: { jump: dom0, user: root } } }
hosts: { silent: { ssh: { user: root, connect_timeout: 5 } } }
`,
});

function endpoint(name: string, overrides = {}) {
  const host = inventory.hosts.get(name);
  if (host === undefined) throw new Error(name);
  return endpointOf(host, inventory, overrides);
}

describe('endpointOf', () => {
  test('leaves out what nobody says, so that the OpenSSH config speaks', () => {
    expect(endpoint('silent')).toEqual({
      name: 'silent',
      address: 'silent',
      user: 'root',
      connectTimeoutMs: 5000,
      legacyAlgorithms: false,
    });
  });

  test('goes to a guest through its dom0, and through what is before that', () => {
    expect(endpoint('web')).toMatchObject({
      address: '10.0.0.10',
      user: 'root',
      jump: [
        { name: 'bastion.example', address: 'bastion.example', connectTimeoutMs: 3000 },
        { name: 'xen1', address: '10.0.0.2', port: 2222, user: 'admin' },
      ],
    });
  });

  test('the command line goes before the inventory, for jump hosts too', () => {
    const overrides = { user: 'me', identity: '/key', hostKeyChecking: 'accept-new' };

    expect(endpoint('web', overrides)).toMatchObject({
      ...overrides,
      jump: [{ hostKeyChecking: 'accept-new' }, overrides],
    });
  });

  test('a typed password is for hosts of the inventory that have none of their own', async () => {
    const own = await loadInventory({
      argument: '-',
      stdin: `
dom0: { xen1: { address: 10.0.0.2, ssh: { jump: bastion.example } } }
domU: { web: { dom0: xen1, address: 10.0.0.10, ssh: { jump: dom0, password: !secret web } } }
hosts:
  by-ssh: { ssh: { transport: openssh } }
  here: { ssh: { transport: local } }
`,
    });
    const typed = { reveal: () => 'typed' };
    const of = (name: string) => endpointOf(own.hosts.get(name)!, own, { password: typed });

    expect(of('xen1').password).toBe(typed);
    expect(of('xen1').jump?.map((hop) => hop.password)).toEqual([undefined]);
    expect(of('web').password).toBe(own.hosts.get('web')?.ssh.password);
    expect(of('web').jump?.map((hop) => hop.password)).toEqual([undefined, typed]);
    expect(of('by-ssh').password).toBeUndefined();
    expect(of('here').password).toBeUndefined();
  });

  test('whom programs run as: the command line, then the inventory; not on the way there', async () => {
    const { hosts, ...rest } = await loadInventory({
      argument: '-',
      stdin: `
hosts:
  way: { become: true }
  own: { become: { method: su, user: admin, password: !secret x }, ssh: { jump: way } }
  none: {}
`,
    });
    const becomeOf = (name: string, become?: BecomeOverrides) => {
      const host = hosts.get(name);
      if (host === undefined) throw new Error(name);
      const { become: found, jump } = endpointOf(host, { hosts, ...rest }, { become });
      for (const hop of jump ?? []) expect(hop.become).toBeUndefined();
      return found;
    };
    const typed = { reveal: () => 'typed' };
    const own = hosts.get('own')?.become?.password;

    expect(becomeOf('none')).toBeUndefined();
    expect(becomeOf('none', { everywhere: false, password: typed })).toBeUndefined();
    expect(becomeOf('way')).toEqual({ method: 'sudo', user: 'root' });
    expect(becomeOf('own')).toEqual({ method: 'su', user: 'admin', password: own });
    const everywhere = { everywhere: true, password: typed };
    expect(becomeOf('none', everywhere)).toEqual({ method: 'sudo', user: 'root', password: typed });
    expect(becomeOf('own', everywhere)?.password).toBe(own);
    // the inventory's password is that of another account then
    expect(becomeOf('own', { ...everywhere, user: 'root' })?.password).toBe(typed);
    expect(becomeOf('own', { everywhere: false, method: 'sudo' })).toEqual({
      method: 'sudo',
      user: 'admin',
    });
  });

  describe('transport', () => {
    const of = async (text: string, name: string, overrides = {}) => {
      const own = await loadInventory({ argument: '-', stdin: text });
      return endpointOf(own.hosts.get(name)!, own, overrides);
    };

    test('is the command line’s, then the host’s, then that of all', async () => {
      const text = `
ssh: { transport: openssh }
hosts: { a: , b: { ssh: { transport: ssh2 } } }
`;

      expect((await of(text, 'a')).transport).toBe('openssh');
      expect((await of(text, 'b')).transport).toBe('ssh2');
      expect((await of(text, 'a', { transport: 'ssh2' })).transport).toBe('ssh2');
      expect((await of(text, 'b', { transport: 'openssh' })).transport).toBe('openssh');
    });

    test('is openssh for who is behind a host that needs it, and for those before', async () => {
      const text = `
hosts:
  outer:
  gate: { ssh: { transport: openssh, jump: outer } }
  a: { ssh: { jump: gate } }
`;
      const typed = { password: { reveal: () => 'typed' } };

      const a = await of(text, 'a', typed);
      expect([a, ...(a.jump ?? [])]).toMatchObject([
        { name: 'a', transport: 'openssh' },
        { name: 'outer', transport: 'openssh' },
        { name: 'gate', transport: 'openssh' },
      ]);
      // It could not be given one.
      expect([a, ...(a.jump ?? [])].map(({ password }) => password)).toEqual(
        Array(3).fill(undefined),
      );
      expect((await of(text, 'outer', typed)).transport).toBeUndefined();
      expect((await of(text, 'a', { transport: 'ssh2' })).jump).toMatchObject([
        { transport: 'ssh2' },
        { transport: 'ssh2' },
      ]);
    });

    test('local is for that host whatever the command line says, and needs no jump host', async () => {
      const text = `
ssh: { jump: bastion.example }
dom0: { xen1: { ssh: { transport: local } } }
domU: { web: { dom0: xen1, address: 10.0.0.10, ssh: { jump: dom0 } } }
`;

      const xen1 = await of(text, 'xen1', { transport: 'openssh' });
      expect(xen1.transport).toBe('local');
      expect(xen1.jump).toBeUndefined();
      // Its guests are reached from here.
      expect((await of(text, 'web')).jump).toEqual([]);
    });
  });
});
