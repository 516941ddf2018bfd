import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { iftabFile } from '../../src/xen/iftab.ts';
import { udevNamesFile } from '../../src/xen/udev-names.ts';
import { unpacked } from './debian.ts';
import { webserv } from './fleet.ts';
import { hasNamespaces, isAvailable, Namespace } from './namespace.ts';

const wanted = Object.fromEntries(webserv.vifs.map(({ iface, mac }) => [iface, mac]));

/** A namespace where interfaces have these names, in the order of the guest's vifs. */
function withNames(
  names: readonly string[],
  use: (namespace: Namespace, folder: string) => void,
): void {
  const folder = mkdtempSync(join(tmpdir(), 'xpush-names-'));
  try {
    using namespace = new Namespace();
    const commands = webserv.vifs.map(
      ({ mac }, place) =>
        `ip link add ${names[place]} address ${mac} type veth peer name p${place}`,
    );
    namespace.run(commands.join('\n'));
    use(namespace, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Names and MACs of those that have one of the guest's. */
function namesIn(namespace: Namespace): Readonly<Record<string, string>> {
  const links = [...namespace.run('ip -o link').matchAll(/^\d+: ([^@:]+).*link\/ether (\S+)/gm)];
  const macs = Object.values(wanted);
  return Object.fromEntries(
    links
      .map(([, name = '', mac = '']) => [name, mac])
      .filter(([, mac]) => macs.includes(mac ?? '')),
  );
}

/** Directory of a library of an unpacked package. */
const libraryPath = (root: string, library: string): string =>
  `LD_LIBRARY_PATH=$(dirname $(find ${root} -name '${library}' | head -n 1))`;

const hasIfrename =
  hasNamespaces &&
  isAvailable('no ifrename', () => void unpacked('ifrename', ['ifrename', 'libiw30']));

describe.runIf(hasIfrename)('iftabFile, by ifrename', () => {
  const renaming = (args: string) => (namespace: Namespace, folder: string) => {
    const root = unpacked('ifrename', ['ifrename', 'libiw30']);
    const file = join(folder, 'iftab');
    writeFileSync(file, iftabFile(`# other\nwlan0 mac 00:0c:29:00:00:02\n`, webserv) ?? '');
    namespace.run(`${libraryPath(root, 'libiw.so*')} ${root}/sbin/ifrename -c ${file} ${args}`);
  };

  test('gives each vif its name, whatever the kernel called it', () => {
    withNames(['eth5', 'eth9', 'lan'], (namespace, folder) => {
      renaming('')(namespace, folder);

      expect(namesIn(namespace)).toEqual(wanted);
    });
  });

  test('swaps names with -t alone, as Debian starts it', () => {
    withNames(['eth1', 'eth2', 'eth0'], (namespace, folder) => {
      renaming('')(namespace, folder);
      expect(namesIn(namespace)).not.toEqual(wanted);

      renaming('-t')(namespace, folder);
      expect(namesIn(namespace)).toEqual(wanted);
    });
  });
});

const udevPackages = ['udev', 'libsystemd-shared'];
const hasUdev = hasNamespaces && isAvailable('no udev', () => void unpacked('udev', udevPackages));

/**
 * What is proven: today's udev reads the rules of its words without a complaint, and gives the
 * names. Its interfaces here have no driver, so that `DRIVERS=="?*"` is left out where they are to
 * be named; the words of udevs before 98 (`SYSFS`, `DRIVER`) it has forgotten.
 */
describe.runIf(hasUdev)('udevNamesFile, by udev', () => {
  /** What udev says of the rules and of each of the namespace's interfaces, which it renames. */
  function tried(namespace: Namespace, folder: string, rules: string): string {
    const root = unpacked('udev', udevPackages);
    const directory = join(folder, 'run/udev/rules.d');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, '70-persistent-net.rules'), rules);
    return namespace.run(`mount --bind ${folder}/run /run
      export ${libraryPath(root, 'libsystemd-shared-*.so')}
      for path in /sys/class/net/eth*; do
        ${root}/bin/udevadm test --action=add "$path" 2>&1
      done`);
  }

  test.each([105, 125, 175, null])(
    'names interfaces by the rules of udev %s, and finds no fault with them',
    (udev) => {
      withNames(['eth7', 'eth5', 'eth6'], (namespace, folder) => {
        const rules = udevNamesFile('# mine\n', webserv, udev) ?? '';
        const said = tried(namespace, folder, rules.replaceAll(' DRIVERS=="?*",', ''));

        expect(said).not.toMatch(/70-persistent-net\.rules:\d+ (?!NAME )/);
        expect(namesIn(namespace)).toEqual(wanted);
      });
    },
  );

  test('reads the rules as they are, which leave interfaces without a driver alone', () => {
    withNames(['eth7', 'eth5', 'eth6'], (namespace, folder) => {
      const said = tried(namespace, folder, udevNamesFile(null, webserv, 175) ?? '');

      expect(said).toContain('Reading rules file: /run/udev/rules.d/70-persistent-net.rules');
      expect(said).not.toContain('70-persistent-net.rules:');
      expect(Object.keys(namesIn(namespace)).toSorted()).toEqual(['eth5', 'eth6', 'eth7']);
    });
  });

  test('would hear of rules that udev cannot read', () => {
    withNames(['eth7', 'eth5', 'eth6'], (namespace, folder) => {
      const said = tried(namespace, folder, udevNamesFile(null, webserv, 90) ?? '');

      expect(said).toMatch(/70-persistent-net\.rules:1 Invalid key 'SYSFS'|rules:1 .*'DRIVER'/);
    });
  });
});
