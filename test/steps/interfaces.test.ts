import { describe, expect, test } from 'vitest';
import { interfaces } from '../../src/steps/interfaces.ts';
import { bind, fileOf, fleet, planTwice } from './observed.ts';

const webserv = fleet.hosts.get('webserv');
if (webserv?.kind !== 'domU') throw new Error('no webserv');
const guestWithoutSay = { ...webserv, networkConfig: null };

const path = '/etc/network/interfaces';

describe('interfaces', () => {
  test('writes a stanza for each vif, one gateway, and keeps what is foreign', () => {
    const { first } = planTwice(bind(interfaces, 'webserv'), {
      [`file:${path}`]: fileOf('# mine\nauto lo\niface lo inet loopback\n'),
    });

    const content = 'refusal' in first ? '' : JSON.stringify(first.changes[0]);
    expect(content).toContain('# mine\\nauto lo\\niface lo inet loopback\\n');
    expect(content.match(/iface eth\d inet static/g)).toHaveLength(2);
    expect(content.match(/ gateway /g)).toHaveLength(1);
  });

  test('does nothing for a guest without vifs', () => {
    const { first } = planTwice(bind(interfaces, 'bare'));

    expect(first).toMatchObject({ changes: [], message: 'the guest has no vifs' });
  });

  test.each([{ type: 'absent' }, fileOf('auto lo\n')])(
    'is refused where nothing reads the file: %j',
    (file) => {
      const bound = interfaces.bind({ host: guestWithoutSay, inventory: fleet }, {});
      const { first } = planTwice(bound, { [`file:${path}`]: file, 'tool:ifup': false });

      expect(first).toHaveProperty('refusal');
    },
  );

  test('does nothing to its own file', () => {
    expect(planTwice(bind(interfaces, 'webserv')).second).toMatchObject({ changes: [] });
  });
});
