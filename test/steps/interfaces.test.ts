import { describe, expect, test } from 'vitest';
import { interfaces } from '../../src/steps/interfaces.ts';
import { bind, fileOf, planTwice } from './observed.ts';

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

  test('does nothing to its own file', () => {
    expect(planTwice(bind(interfaces, 'webserv')).second).toMatchObject({ changes: [] });
  });
});
