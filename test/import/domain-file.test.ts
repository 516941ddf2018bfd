import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultScript, readDomainFile } from '../../src/import/domain-file.ts';
import { runs } from '../runs.ts';
import { file } from './seen.ts';

const read = (path: string, text: string) => readDomainFile(path, file(text));

describe('readDomainFile', () => {
  test('the name of the guest is the one that the file gives, not the file', () => {
    expect(
      read(
        '/etc/xen/web.cfg',
        "name = 'webserv'\nvif = [ 'mac=00:16:3e:00:00:01, ip=10.0.0.1' ]\n",
      ),
    ).toEqual({
      path: '/etc/xen/web.cfg',
      name: 'webserv',
      vifs: [
        new Map([
          ['mac', '00:16:3e:00:00:01'],
          ['ip', '10.0.0.1'],
        ]),
      ],
      problems: [],
    });
  });

  test('files without an ending are guests of xm, when they have a name or vifs', () => {
    expect(read('/etc/xen/web', 'name = "web"\n')?.name).toBe('web');
    expect(read('/etc/xen/scripts-list', 'some text\n')).toBeNull();
  });

  test.each([
    ['xl.conf', 'autoballoon="auto"\n'],
    ['xend-config.sxp', '(xend-http-server yes)\n'],
    ['xlexample.pvlinux', 'name = "example.pvlinux"\n'],
    ['xmexample1', 'name = "ExampleDomain"\n'],
    ['web.cfg~', 'name = "web"\n'],
    ['web.cfg.dpkg-old', 'name = "web"\n'],
    ['.web.cfg.swp', 'name = "web"\n'],
    ['README', 'name = "web"\n'],
  ])('%s is no guest', (name, text) => {
    expect(read(`/etc/xen/${name}`, text)).toBeNull();
  });

  test('Python is not understood: its line is told, and its name is found all the same', () => {
    const found = read('/etc/xen/web.cfg', 'import os\nname = "web"\nvif = [ "ip=" + ip ]\n');

    expect(found).toMatchObject({ name: 'web', vifs: null });
    expect(found?.problems).toEqual([
      expect.stringContaining('/etc/xen/web.cfg:1: `import os` is not plain assignments'),
    ]);
  });

  test.each([
    ["vif = [ 'mac=a' ]\nvif += [ 'mac=b' ]\n", ':2: `vif` is in more than one piece'],
    ["vif = 'mac=a'\n", ':1: `vif` is no list'],
    ["vif = [ 'mac=a',\n 7 ]\n", ':2: an entry of `vif` is no plain text'],
  ])('%j is not understood', (text, problem) => {
    const found = read('/etc/xen/web.cfg', text);

    expect(found?.vifs).toBeNull();
    expect(found?.problems).toEqual([expect.stringContaining(problem)]);
  });

  test('what can not be read is told', () => {
    expect(readDomainFile('/etc/xen/web.cfg', { type: 'unreadable' })?.problems).toEqual([
      '/etc/xen/web.cfg is unreadable',
    ]);
  });

  test('reads anything', () => {
    const piece = fc.constantFrom(
      'vif',
      '=',
      '+=',
      '[',
      ']',
      "'a=b'",
      '"',
      ',',
      '\n',
      'name',
      '#',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
        const found = read('/etc/xen/a.cfg', pieces.join(' '));

        expect(found === null || typeof found.name === 'string').toBe(true);
      }),
      { numRuns: runs() },
    );
  });
});

describe('defaultScript', () => {
  const absent = { type: 'absent' } as const;

  test("what xl's file says, or xend's", () => {
    expect(
      defaultScript(
        file('#vif.default.script="vif-bridge"\nvif.default.script="vif-route"\n'),
        absent,
      ),
    ).toBe('vif-route');
    expect(defaultScript(absent, file("# (vif-script vif-bridge)\n(vif-script 'vif-nat')\n"))).toBe(
      'vif-nat',
    );
    expect(defaultScript(absent, absent)).toBeNull();
  });
});
