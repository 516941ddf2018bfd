import { describe, expect, test } from 'vitest';
import { readForwardChain } from '../../src/import/forward-chain.ts';
import { chainsOf } from './seen.ts';

const webserv = { name: 'webserv', ips: ['192.168.0.200', '192.168.0.201', '192.168.0.202'] };

/** The source document's rules, as iptables-save prints them. */
const document = ['1024:65535', '80', '443', '8080'].flatMap((sport) =>
  ['80', '443'].flatMap((dport) =>
    webserv.ips.flatMap((ip) => [
      `-d ${ip}/32 -i eth0 -p tcp -m tcp --sport ${sport} --dport ${dport} --tcp-flags FIN,SYN,RST,ACK SYN -m state --state NEW -j ACCEPT`,
      `-d ${ip}/32 -i eth0 -p tcp -m tcp --sport ${sport} --dport ${dport} -m state --state RELATED,ESTABLISHED -j ACCEPT`,
      `-s ${ip}/32 -o eth0 -p tcp -m tcp --sport ${dport} --dport ${sport} -m state --state NEW,RELATED,ESTABLISHED -j ACCEPT`,
    ]),
  ),
);

const read = (rules: readonly string[], policy: 'ACCEPT' | 'DROP' = 'DROP', guests = [webserv]) =>
  readForwardChain(chainsOf({ FORWARD: rules }, policy), guests, 'eth0');

const entry = {
  proto: 'tcp',
  ports: ['80', '443'],
  from: [],
  fromPorts: ['1024-65535', '80', '443', '8080'],
  direction: 'in',
  to: [],
  comment: null,
};

describe('readForwardChain', () => {
  test("the source document's 72 rules are one entry", () => {
    const { allow, remarks } = read(document);

    expect(document).toHaveLength(72);
    expect(allow.get('webserv')).toEqual([entry]);
    expect(remarks).toEqual([
      'webserv: rules of FORWARD let it open connections from the ports that it serves; allow does not',
    ]);
  });

  test('an address that is offered less has entries of its own', () => {
    const { allow } = read([
      '-d 192.168.0.200/32 -p tcp -m tcp --dport 80 -j ACCEPT',
      '-d 192.168.0.201/32 -p tcp -m tcp --dport 80 -j ACCEPT',
      '-d 192.168.0.200/32 -p udp -m udp --dport 53 -j ACCEPT',
      '-s 10.0.0.0/8 -d 192.168.0.200/32 -p tcp -m tcp --dport 22 -j ACCEPT',
    ]);

    expect(allow.get('webserv')).toEqual([
      { ...entry, ports: ['80'], fromPorts: [], to: ['192.168.0.200', '192.168.0.201'] },
      { ...entry, proto: 'udp', ports: ['53'], fromPorts: [], to: ['192.168.0.200'] },
      { ...entry, ports: ['22'], fromPorts: [], from: ['10.0.0.0/8'], to: ['192.168.0.200'] },
    ]);
  });

  test('a guest that nothing is offered to is closed', () => {
    expect(read(['-d 10.9.9.9/32 -j ACCEPT']).allow.get('webserv')).toEqual([]);
  });

  test('where FORWARD lets pass what no rule takes, nobody is filtered', () => {
    const { allow, remarks } = read(document, 'ACCEPT');

    expect(allow.size).toBe(0);
    expect(remarks).toEqual([expect.stringContaining('72 rules and lets all else pass')]);
  });

  test.each([
    ['a guest that may open connections', '-s 192.168.0.200/32 -j ACCEPT'],
    [
      'one that may from ports that it does not serve',
      '-s 192.168.0.200/32 -o eth0 -p tcp -m tcp --sport 1024:65535 --dport 25 -m state --state NEW -j ACCEPT',
    ],
    ['a network of which it is', '-d 192.168.0.0/24 -p tcp -m tcp --dport 80 -j ACCEPT'],
    ['something for all', '-p icmp -j ACCEPT'],
    ['another interface', '-d 192.168.0.200/32 -i eth7 -p tcp -m tcp --dport 80 -j ACCEPT'],
    ['a rule that drops', '-s 10.0.0.0/8 -d 192.168.0.200/32 -j DROP'],
    ['a chain', '-d 192.168.0.200/32 -j webserv'],
  ])('%s is not understood, and told', (_what, rule) => {
    const { allow, remarks } = read([...document, rule]);

    expect(allow.has('webserv')).toBe(false);
    expect(remarks.join()).toContain(rule);
  });

  test('a rule with a match that is unknown makes the whole chain so', () => {
    const { allow, remarks } = read([
      ...document,
      '-m mac --mac-source 02:00:00:00:00:01 -j ACCEPT',
    ]);

    expect(allow.size).toBe(0);
    expect(remarks).toEqual([expect.stringContaining('mac-source')]);
  });
});
