import { describe, expect, test } from 'vitest';
import { timezone } from '../../src/steps/timezone.ts';
import { playbookOnPrivateHost } from '../engine/playbook-on-private-host.ts';
import { hasPrivateHosts } from '../engine/private-host.ts';
import { complaints } from './edited.ts';
import { bind, planTwice } from './observed.ts';

describe('timezone', () => {
  test('refuses a zone that the host does not have', () => {
    const { first } = planTwice(bind(timezone, 'plain', { name: 'Europe/Bern' }));

    expect(first).toMatchObject({ refusal: 'the host has no time zone Europe/Bern' });
  });

  test.each(['../etc/passwd', '/UTC', 'a b', 'Europe/'])('%s is no zone', (name) => {
    expect(complaints(timezone, { name })).not.toEqual([]);
  });
});

describe.runIf(hasPrivateHosts)('timezone on a host', () => {
  const host = playbookOnPrivateHost();

  test.each([
    ['is a link', 'true'],
    ['is a file', 'cp --remove-destination /usr/share/zoneinfo/Japan /etc/localtime'],
    ['is missing', 'rm -f /etc/localtime /etc/timezone'],
    ['leads nowhere', 'ln -sf /nowhere /etc/localtime'],
  ])('where it %s, it is set', async (_, before) => {
    host.sh(before);
    const lines = await host.runThrice(`
  - timezone: Europe/Berlin
`);
    expect(lines).toEqual(['timezone changed']);
    expect(host.sh('date -d 2024-07-01T12:00Z +%Z; readlink /etc/localtime')).toBe(
      'CEST\n../usr/share/zoneinfo/Europe/Berlin\n',
    );
    expect(host.sh('cat /etc/timezone 2>/dev/null || :; ls -A /etc | grep xpush || :')).toBe(
      before.includes('timezone') ? '' : 'Europe/Berlin\n',
    );
  });
});
