import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DomU } from '../../src/inventory/model.ts';
import type { VifEntry } from '../../src/xen/vif-entry.ts';
import { formatVifEntry, isSameVifEntry, parseVifEntry } from '../../src/xen/vif-entry.ts';
import { editVifList, newConfig } from '../../src/xen/vif-list.ts';
import { isRefusal, parseConfig } from '../../src/xen/xl-config.ts';
import { runs } from '../runs.ts';
import { guest, lan, mail, vif, webserv } from './fleet.ts';
import { hasXenParser, readByXen } from './xen-parser.ts';

fc.configureGlobal({ numRuns: runs() });

/** The source document's list, as it should be. */
const list = `vif  = [ 'mac=de:ad:be:ef:00:00, ip=192.168.0.200, script=vif-route',
         'mac=de:ad:be:ef:00:01, ip=192.168.0.201, script=vif-route',
         'mac=de:ad:be:ef:00:02, ip=192.168.0.202, script=vif-route' ]
`;

const two = guest('two', [vif(0, lan, ['192.168.0.5']), vif(1, lan, ['192.168.0.6'])]);

function edited(text: string, domU: DomU = webserv): string {
  const edit = editVifList(text, domU);
  if (edit.kind !== 'changed') throw new Error(`not changed: ${JSON.stringify(edit)}`);
  return edit.text;
}

/** The entries of the vif list of a file, by the parser of whole files. */
function entriesOf(text: string): readonly VifEntry[] {
  const assignments = parseConfig(text);
  if (isRefusal(assignments)) throw new Error(assignments.message);
  const list = assignments.find(({ name }) => name === 'vif')?.value;
  const items = list?.kind === 'list' ? list.items : [];
  return items.map((item) =>
    parseVifEntry(item.kind === 'list' ? '' : item.text.slice(1, -1).replace(/\\(.)/g, '$1')),
  );
}

describe('editVifList', () => {
  test('adds what the source document’s list lacks', () => {
    const old = `kernel = "/boot/vmlinuz"  # é
        vif  = [ 'mac=de:ad:be:ef:00:00, ip=192.168.0.200',
                 'mac=de:ad:be:ef:00:01, ip=192.168.0.201',
                 'mac=de:ad:be:ef:00:02, ip=192.168.0.202' ]
disk = [ 'phy:/dev/a,xvda,w' ]`;

    expect(edited(old)).toBe(`kernel = "/boot/vmlinuz"  # é
        vif  = [ 'mac=de:ad:be:ef:00:00, ip=192.168.0.200, script=vif-route',
                 'mac=de:ad:be:ef:00:01, ip=192.168.0.201, script=vif-route',
                 'mac=de:ad:be:ef:00:02, ip=192.168.0.202, script=vif-route' ]
disk = [ 'phy:/dev/a,xvda,w' ]`);
  });

  test('appends a list where there is none', () => {
    expect(edited("name = 'webserv'")).toBe(`name = 'webserv'\n${list}`);
    expect(edited('')).toBe(list);
  });

  test('leaves a list alone that means the same', () => {
    const same = `vif=["script=/etc/xen/scripts/vif-route,ip= 192.168.0.5 , mac=DE:AD:BE:EF:00:00",
      "mac=de:ad:be:ef:00:01,ip=192.168.0.6,script=vif-route",] # fine\n`;

    expect(editVifList(same, two)).toEqual({ kind: 'same' });
    expect(editVifList(list, webserv)).toEqual({ kind: 'same' });
  });

  test('rewrites an entry that xl would not understand as it was meant', () => {
    const old = "vif = [ 'mac = de:ad:be:ef:00:00, ip=192.168.0.5, script=vif-route' ]\n";

    expect(edited(old, guest('one', two.vifs.slice(0, 1)))).toBe(
      "vif = [ 'mac=de:ad:be:ef:00:00, ip=192.168.0.5, script=vif-route' ]\n",
    );
  });

  test('keeps keys of which the inventory knows nothing, with the MAC they belong to', () => {
    const old = `vif = [ 'mac=de:ad:be:ef:00:01, backend=net, bridge=br0, netdev=br1', 'type=ioemu' ]\n`;

    expect(edited(old, two)).toBe(
      `vif = [ 'mac=de:ad:be:ef:00:00, ip=192.168.0.5, script=vif-route', ` +
        `'mac=de:ad:be:ef:00:01, ip=192.168.0.6, script=vif-route, backend=net' ]\n`,
    );
  });

  test('keeps comments, quotes and layout when it adds an entry', () => {
    const old = `vif = [
    "mac=de:ad:be:ef:00:00,ip=192.168.0.5,script=vif-route",  # public, old
]
`;

    expect(edited(old, two)).toBe(`vif = [
    "mac=de:ad:be:ef:00:00,ip=192.168.0.5,script=vif-route",  # public, old
    'mac=de:ad:be:ef:00:01, ip=192.168.0.6, script=vif-route'
]
`);
  });

  test('keeps the comments of the entries that stay when it removes one', () => {
    const old = `vif = [ 'mac=de:ad:be:ef:00:00,ip=192.168.0.5,script=vif-route', # first, kept
        'mac=de:ad:be:ef:00:01, ip=192.168.0.6', # second
      ] # the list
memory = 512
`;

    expect(edited(old, guest('one', two.vifs.slice(0, 1)))).toBe(
      `vif = [ 'mac=de:ad:be:ef:00:00,ip=192.168.0.5,script=vif-route' # first, kept
      ] # the list
memory = 512
`,
    );
  });

  test('writes into an empty list, and empties one', () => {
    expect(edited('vif=[] # none\n', two)).toBe(
      `vif=[ 'mac=de:ad:be:ef:00:00, ip=192.168.0.5, script=vif-route',
      'mac=de:ad:be:ef:00:01, ip=192.168.0.6, script=vif-route' ] # none\n`,
    );
    expect(edited("vif = [ 'mac=00:16:3e:00:00:01' ]\n", guest('none', []))).toBe('vif = [ ]\n');
  });

  test('leaves what a bridged entry need not say unsaid: script and ip', () => {
    const bridged = { ...vif(0, lan, ['192.168.0.5']), script: 'vif-bridge', bridge: 'br0' };
    const short = "vif = [ 'mac=de:ad:be:ef:00:00, bridge=br0' ]\n";

    expect(editVifList(short, guest('web', [bridged]))).toEqual({ kind: 'same' });
    expect(edited(short.replace('br0', 'br1'), guest('web', [bridged]))).toBe(short);
    expect(edited('vif = [ ]\n', guest('web', [bridged]))).toContain(
      'ip=192.168.0.5, script=vif-bridge, bridge=br0',
    );
    expect(edited(short, guest('web', [{ ...bridged, script: 'vif-route' }]))).toContain(
      'script=vif-route',
    );
  });

  test('writes every key that the inventory has, in one order', () => {
    const full = guest('full', [
      {
        ...vif(0, lan, ['192.168.0.5', '192.168.0.6']),
        script: 'vif-bridge',
        bridge: 'br0',
        vifname: 'full0',
        gatewaydev: 'eth1',
        rate: '10Mb/s',
        model: 'e1000',
      },
    ]);

    expect(edited('', full)).toBe(
      "vif  = [ 'mac=de:ad:be:ef:00:00, ip=192.168.0.5 192.168.0.6, script=vif-bridge, bridge=br0, vifname=full0, gatewaydev=eth1, rate=10Mb/s, model=e1000' ]\n",
    );
  });

  test.each([
    ["vif = [ 'a' ]\nvif += [ 'b' ]\n", 2, '`vif +=` adds to a list that stands elsewhere'],
    ["vif = [ 'a' ]\n\nvif = [ 'b' ]\n", 3, '`vif` is assigned a second time'],
    ["vif = 'a'\n", 1, '`vif` is not a list'],
    ["vif = [ 'a',\n 1 ]\n", 2, 'an entry of `vif` is not a string'],
    ["vif = [ ['a'] ]\n", 1, 'an entry of `vif` is not a string'],
    [
      "vif = [ 'mac\\x3da' ]\n",
      1,
      'an entry of `vif` has a backslash that xl does not read as one',
    ],
    [
      "nics = 2\nvif = [ 'mac=%s' % mac(1) ]\n",
      2,
      "`vif = [ 'mac=%s' % mac(1) ]` is not plain assignments",
    ],
    ["name = 'x'\r\n", 1, 'the file has a carriage return, and xl refuses such a file'],
  ])('refuses %j', (text, line, message) => {
    expect(editVifList(text, webserv)).toMatchObject({ kind: 'refused', line, message });
  });
});

describe('newConfig', () => {
  test('is a stub with a name and a list that is as it should be', () => {
    const text = newConfig(webserv);

    expect(text).toContain("name = 'webserv'\n");
    expect(editVifList(text, webserv)).toEqual({ kind: 'same' });
  });
});

const strings = fc
  .tuple(
    fc.constantFrom("'", '"'),
    fc.array(
      fc.constantFrom('a', ' ', '#', '[', ']', ',', '=', 'vif = [', '\xe9', '\\\\', "\\'", '\\"'),
    ),
  )
  .map(([mark, parts]) => mark + parts.join('') + mark);
const gaps = fc.constantFrom('', ' ', '  \t', '\n', ' # vif = [ "\n', '\n\n');
const entries = fc.oneof(
  strings,
  fc
    .tuple(
      fc.constantFrom("'", '"'),
      fc.constantFrom(
        'de:ad:be:ef:00:00',
        'DE:AD:BE:EF:00:01',
        'de:ad:be:ef:00:02',
        '00:16:3e:1:2:3',
      ),
      fc.constantFrom(
        ',ip=192.168.0.200',
        ', ip=192.168.0.201',
        ', backend=net',
        ',script=vif-route',
        '',
      ),
      fc.constantFrom(',script=vif-route', ', mtu=9000', ', '),
    )
    .map(([mark, mac, more, evenMore]) => `${mark}mac=${mac}${more}${evenMore}${mark}`),
);
const lists = fc
  .tuple(fc.array(fc.tuple(gaps, entries, gaps), { maxLength: 5 }), fc.boolean(), gaps)
  .map(
    ([items, hasTrailingComma, gap]) =>
      `[${items.map((item) => item.join('')).join(',')}${hasTrailingComma && items.length > 0 ? ',' : ''}${gap}]`,
  );
const others = fc
  .tuple(
    fc.constantFrom('name', 'disk', 'vif_x', 'on_crash'),
    fc.constantFrom(' = ', '=', '+='),
    fc.oneof(strings, fc.constantFrom('512', '0x1f'), lists),
    fc.constantFrom('\n', ';', ' # [\n', '\n\n'),
  )
  .map((parts) => parts.join(''));
const blocks = fc.array(others, { maxLength: 3 }).map((parts) => parts.join(''));
const files = fc.record({
  before: blocks,
  equals: fc.constantFrom('vif = ', 'vif=', ' vif\t= '),
  list: lists,
  after: blocks,
});
const guests = fc.constantFrom(webserv, mail, two, guest('none', []));

const wantedOf = (domU: DomU): readonly VifEntry[] =>
  domU.vifs.map((each) =>
    parseVifEntry(`mac=${each.mac}, ip=${each.ips.join(' ')}, script=${each.script}`),
  );
const own = (entry: VifEntry): VifEntry =>
  new Map([...entry].filter(([key]) => ['mac', 'ip', 'script'].includes(key)));

describe('editVifList, over generated files', () => {
  test('changes nothing but the list, which then is as wanted and stays so', () => {
    fc.assert(
      fc.property(files, guests, ({ before, equals, list: old, after }, domU) => {
        const text = `${before}${equals}${old}\n${after}`;

        const edit = editVifList(text, domU);

        const result = edit.kind === 'changed' ? edit.text : text;
        expect(edit.kind).not.toBe('refused');
        expect(result.startsWith(`${before}${equals}[`)).toBe(true);
        expect(result.endsWith(`]\n${after}`)).toBe(true);
        expect(editVifList(result, domU)).toEqual({ kind: 'same' });
        const now = entriesOf(result);
        expect(now).toHaveLength(domU.vifs.length);
        for (const [place, entry] of wantedOf(domU).entries()) {
          expect(isSameVifEntry(own(now[place]!), entry)).toBe(true);
        }
      }),
      { numRuns: runs(1000) },
    );
  });

  test('keeps a file as it is when it appends a list', () => {
    fc.assert(
      fc.property(blocks, guests, (text, domU) => {
        const after = edited(text, domU);

        expect(after.startsWith(text)).toBe(true);
        expect(editVifList(after, domU)).toEqual({ kind: 'same' });
      }),
    );
  });

  test('never throws, whatever the bytes', () => {
    const bytes = fc
      .uint8Array({ maxLength: 60 })
      .map((array) => Buffer.from(array).toString('latin1'));

    fc.assert(
      fc.property(bytes, (text) => {
        const edit = editVifList(text, webserv);

        expect(isRefusal(parseConfig(text))).toBe(edit.kind === 'refused');
      }),
    );
  });

  test.runIf(hasXenParser)('writes what Xen’s own parser reads as wanted', () => {
    const texts = fc.sample(
      fc.tuple(files, guests).map(([{ before, equals, list: old, after }, domU]) => ({
        text: `${before}${equals}${old}\n${after}`,
        domU,
      })),
      { numRuns: runs(2000), seed: 11 },
    );
    const results = texts.map(({ text, domU }) => {
      const edit = editVifList(text, domU);
      return edit.kind === 'changed' ? edit.text : text;
    });

    const readings = readByXen(results);

    // Xen refuses `+=` of a string to a list or the reverse: no matter of ours.
    const checked = texts.filter(
      ({ text }, place) => !text.includes('+=') || readings[place] !== 'refused',
    );
    expect(checked.length).toBeGreaterThan(1000);
    for (const [place, { domU, text }] of texts.entries()) {
      const reading = readings[place];
      if (text.includes('+=') && reading === 'refused') continue;
      const read = Array.isArray(reading) ? reading : ['refused'];
      expect(read.map((entry) => formatVifEntry(normal(own(parseVifEntry(entry)))))).toEqual(
        wantedOf(domU).map((entry) => formatVifEntry(normal(entry))),
      );
    }
  });
});

const normal = (entry: VifEntry): VifEntry =>
  new Map([...entry].map(([key, value]) => [key, value.trim().toLowerCase()] as const).toSorted());
