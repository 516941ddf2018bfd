import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRule } from '../../src/import/rule-words.ts';
import { runs } from '../runs.ts';

describe('readRule', () => {
  test('reads what iptables-save prints', () => {
    expect(
      readRule(
        '-s 10.0.0.0/8 -d 192.168.0.9/32 -i eth0 -p tcp -m tcp --sport 1024:65535 --tcp-flags FIN,SYN,RST,ACK SYN ' +
          '-m multiport --dports 80,443 -m state --state NEW,ESTABLISHED -m comment --comment "a \\"b\\" c" -j ACCEPT',
      ),
    ).toEqual({
      source: '10.0.0.0/8',
      destination: '192.168.0.9/32',
      iif: 'eth0',
      oif: null,
      proto: 'tcp',
      sports: ['1024-65535'],
      dports: ['80', '443'],
      icmp: null,
      states: ['ESTABLISHED', 'NEW'],
      isSyn: true,
      limit: null,
      comment: 'a "b" c',
      target: 'ACCEPT',
    });
  });

  test('an address of days before 1.4 has no length', () => {
    expect(readRule('-d 192.168.0.9 -j DROP')?.destination).toBe('192.168.0.9/32');
    expect(readRule('-d 2001:db8::9 -j DROP')?.destination).toBe('2001:db8::9/128');
    expect(readRule('-s 0.0.0.0/0 -j DROP')?.source).toBeNull();
  });

  test.each([
    ['-s 10.0.0.1 ! -d 10.0.0.2 -j ACCEPT'],
    ['-m mac --mac-source 00:16:3e:00:00:01 -j ACCEPT'],
    ['-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu'],
    ['-m set --match-set friends src -j ACCEPT'],
    ['-s 10.0.0.1 -s 10.0.0.2 -j ACCEPT'],
    ['-d 10.0.0.1'],
    ['constructor x -j ACCEPT'],
    ['__proto__ x -j ACCEPT'],
    [''],
  ])('%j is not understood', (text) => {
    expect(readRule(text)).toBeNull();
  });

  test('reads anything', () => {
    const word = fc.oneof(
      fc.constantFrom(
        '-s',
        '-d',
        '-m',
        'tcp',
        '-j',
        'ACCEPT',
        '"',
        '\\',
        '!',
        '--dport',
        '__proto__',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const rule = readRule(words.join(' '));

        expect(rule === null || rule.target !== '').toBe(true);
      }),
      { numRuns: runs() },
    );
  });
});
