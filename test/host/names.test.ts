import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkedTool, isHostPath, normalParameter, parameterPath } from '../../src/host/names.ts';

describe('parameterPath', () => {
  test.each([
    ['net.ipv4.ip_forward', '/proc/sys/net/ipv4/ip_forward'],
    ['net/ipv4/ip_forward', '/proc/sys/net/ipv4/ip_forward'],
    ['net.ipv4.conf.eth0/5.rp_filter', '/proc/sys/net/ipv4/conf/eth0.5/rp_filter'],
    ['net/ipv4/conf/eth0.5/rp_filter', '/proc/sys/net/ipv4/conf/eth0.5/rp_filter'],
    ['kernel.random.boot_id', '/proc/sys/kernel/random/boot_id'],
  ])('of %s is %s', (name, path) => {
    expect(parameterPath(name)).toBe(path);
  });

  test('is what sysctl reads', () => {
    const names = execFileSync('sysctl', ['-aN'], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
      .split('\n');

    const ours = names.filter((name) => /^[\w@./-]+$/.test(name));

    expect(ours.length).toBeGreaterThan(100);
    expect(ours.filter((name) => !existsSync(parameterPath(name)))).toEqual([]);
  });

  test.each([
    '',
    'net',
    '.net.x',
    'net..x',
    'net/../../etc/passwd',
    '../x',
    'net.a b',
    'net.x\n',
    '-/x:y',
  ])('refuses %j', (name) => {
    expect(() => parameterPath(name)).toThrow('not a kernel parameter');
  });
});

test('normalParameter has single spaces', () => {
  expect(normalParameter('\t32768\t 60999\n')).toBe('32768 60999');
});

test('isHostPath is true of absolute paths that a listing can hold', () => {
  const paths = ['/', '/etc/x', '/é', '/a b', '/-n', '/$(x)', '/a\tb', `/${'x'.repeat(4094)}`];
  const others = ['', 'etc', './x', '/a\nb', '/a\0b', '/\udc00', `/${'x'.repeat(4095)}`];

  expect(paths.filter((path) => !isHostPath(path))).toEqual([]);
  expect(others.filter(isHostPath)).toEqual([]);
});

test('checkedTool takes names of commands alone', () => {
  expect(['ip', 'iptables-save', 'g++', 'python3.11', '[x'].filter(isTool)).toEqual([
    'ip',
    'iptables-save',
    'g++',
    'python3.11',
  ]);
  expect(['', '-v', '/bin/sh', 'a b', 'a;b', '.', 'é'].filter(isTool)).toEqual([]);
});

function isTool(name: string): boolean {
  try {
    return checkedTool(name) === name;
  } catch {
    return false;
  }
}
