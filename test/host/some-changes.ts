import fc from 'fast-check';
import type { Change, Prediction, RoutingOperation } from '../../src/host/change.ts';
import {
  type ChainsState,
  type FileState,
  type FoundEntry,
  type NftBaseChain,
  type NftChain,
  type NftState,
  query,
  type Route,
  type Rule,
  type TreeState,
} from '../../src/host/query.ts';
import { sums } from '../../src/host/sums.ts';

/** Bytes as latin1 text: texts of all scripts, and what is none. */
export const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array).toString('latin1')),
  fc.string({ unit: 'binary', maxLength: 50 }).map((text) => Buffer.from(text).toString('latin1')),
  fc
    .constantFrom('', '\ufeff', '\r\n', 'a\n', ' \n\n', '\t', '\x7f')
    .map((text) => Buffer.from(text).toString('latin1')),
);
export const mode = fc.integer({ min: 0, max: 0o7777 });

const smallFile = fc
  .record({ mode, uid: fc.nat(), gid: fc.nat(), content: bytes })
  .map(
    ({ content, ...file }): FileState => ({ type: 'file', ...file, size: content.length, content }),
  );

export const fileState: fc.Arbitrary<FileState> = fc.oneof(
  fc
    .constantFrom('absent', 'directory', 'special', 'unreadable')
    .map((type) => ({ type }) as const),
  smallFile,
  fc
    .record({ mode, uid: fc.nat(), gid: fc.nat(), size: fc.integer({ min: 262_145, max: 1e9 }) })
    .map(
      (file): FileState => ({ type: 'file', ...file, content: null, sums: sums(`${file.size}`) }),
    ),
);

const path = fc
  .stringMatching(/^\/(?:etc|var)(?:\/[\w .ö-]{1,8}){1,3}$/)
  .filter((text) => !text.includes('//'));
const network = fc
  .tuple(fc.nat(255), fc.integer({ min: 8, max: 32 }))
  .map(([last, length]) => `10.0.${last}.0/${length}`);
const iface = fc.constantFrom('eth0', 'eth1', 'vif1.0');
const address = fc.nat(255).map((last) => `10.0.0.${last}`);
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: null });

const rule: fc.Arbitrary<Rule> = fc.record({
  priority: fc.nat(3000),
  from: fc.oneof(fc.constant('all'), network),
  to: maybe(network),
  iif: maybe(iface),
  oif: maybe(iface),
  table: fc.nat(255),
  rest: fc.constantFrom('', 'not', 'fwmark 0x1/0xff', 'unreachable'),
});

const route: fc.Arbitrary<Route> = fc.record({
  table: fc.constantFrom(16, 17, 254),
  destination: fc.oneof(fc.constant('0.0.0.0/0'), network),
  via: maybe(fc.oneof(address, fc.constant('inet6 fe80::1'))),
  dev: maybe(iface),
  scope: maybe(fc.constantFrom('link', 'host')),
  src: maybe(address),
  metric: maybe(fc.nat(500)),
  rest: fc.constantFrom('', 'proto kernel', 'onlink', 'blackhole'),
});

const fingerprint = maybe(bytes.map(sums));
const listing = <T>(entry: fc.Arbitrary<T>) =>
  fc.record({ entries: fc.array(entry, { maxLength: 4 }), fingerprint });

const operation: fc.Arbitrary<RoutingOperation> = fc.oneof(
  fc.record({
    object: fc.constant('address' as const),
    verb: fc.constantFrom('add' as const, 'delete' as const),
    ...{ iface, ip: address, prefix: fc.nat(32) },
  }),
  fc.record({
    object: fc.constant('route' as const),
    verb: fc.constantFrom('replace' as const, 'delete' as const),
    route,
  }),
  fc.record({
    object: fc.constant('rule' as const),
    verb: fc.constantFrom('add' as const, 'delete' as const),
    rule,
  }),
  fc.record({
    object: fc.constant('proxy' as const),
    verb: fc.constantFrom('add' as const, 'delete' as const),
    ...{ ip: fc.constant('2001:db8::1'), iface },
  }),
);

export const ownName = fc.constantFrom('XPUSH-FWD', 'XPUSH-OUT', 'XPUSH-DROP');
const ruleText = fc.constantFrom(
  '-j ACCEPT',
  '-s 10.0.0.1/32 -m comment --comment "ä b" -j DROP',
  '-j XPUSH-OUT',
);
const ruleTexts = fc.array(ruleText, { maxLength: 3 });
const chainMap = (name: fc.Arbitrary<string>) =>
  fc.array(fc.tuple(name, ruleTexts), { maxLength: 3 }).map((entries) => new Map(entries));

const chainsState: fc.Arbitrary<ChainsState> = fc.record({
  listed: fc.constant(['FORWARD', 'raw/PREROUTING', 'XPUSH-FWD', 'XPUSH-OUT', 'XPUSH-DROP']),
  chains: chainMap(
    fc.oneof(ownName, fc.constantFrom('FORWARD', 'raw/PREROUTING', 'raw/XPUSH-SPOOF')),
  ),
  policies: fc.constantFrom('ACCEPT', 'DROP').map((policy) => new Map([['FORWARD', policy]])),
  spelled: chainMap(ownName),
  problem: maybe(fc.constant('iptables is not installed')),
  fingerprint,
});

const nftPlace = {
  family: fc.constantFrom('ip' as const, 'inet' as const),
  table: fc.constantFrom('filter', 'xpush'),
};
const nftRules = fc.array(
  fc.constantFrom('jump XPUSH-FWD', 'ip saddr 10.0.0.1 drop comment "xpush"', 'accept'),
  { maxLength: 3 },
);
const nftChain: fc.Arbitrary<NftChain> = fc.record({
  ...nftPlace,
  chain: ownName,
  rules: nftRules,
});
const nftBase: fc.Arbitrary<NftBaseChain> = fc.record({
  ...nftPlace,
  chain: fc.constant('forward'),
  rules: nftRules,
  hook: fc.constantFrom('forward', 'prerouting'),
  policy: fc.constantFrom('accept' as const, 'drop' as const),
  priority: fc.constantFrom('filter', 'filter + 10', '-300'),
  isOfIptables: fc.boolean(),
  isOwned: fc.boolean(),
});
const nftState: fc.Arbitrary<NftState> = fc.record({
  bases: fc.array(nftBase, { maxLength: 2 }),
  chains: fc.array(nftChain, { maxLength: 3 }),
  spelled: fc.array(fc.record({ family: nftPlace.family, chains: chainMap(ownName) }), {
    maxLength: 2,
  }),
  problem: maybe(fc.constant('nft is not installed')),
  fingerprint,
});

const effect = fc.constantFrom('live' as const, 'boot' as const, 'both' as const);
const live = fc.constant('live' as const);
const family = fc.constantFrom(4 as const, 6 as const);
const text = fc.string({ unit: 'binary', maxLength: 20 });

const plain = fc.string({ unit: 'grapheme', maxLength: 10 }).filter((one) => !one.includes('\0'));
const environment = fc
  .array(fc.tuple(fc.constantFrom('A', 'PATH', 'constructor', 'toString', '__proto'), plain), {
    maxLength: 3,
  })
  .map((pairs): Readonly<Record<string, string>> => Object.fromEntries(pairs));
const argv = fc
  .tuple(fc.constantFrom('/bin/a', 'b'), fc.array(plain, { maxLength: 2 }))
  .map(([program, others]) => [program, ...others]);
const user = maybe(fc.constantFrom('nobody', 'www-data', '1000'));

const commandRun = {
  ...{ argv, environment, user, directory: maybe(path), stdin: maybe(text) },
  timeoutSeconds: maybe(fc.nat(100)),
  okStatuses: fc.array(fc.nat(255), { maxLength: 2 }),
};

const output = fc.record({
  status: fc.nat(255),
  stdout: text,
  stderr: text,
  isCut: fc.boolean(),
  isTimedOut: fc.boolean(),
});
const principal = fc.record({
  name: fc.constantFrom('root', 'www-data', 'domain users', '1000'),
  id: maybe(fc.nat()),
});
const foundEntry: fc.Arbitrary<FoundEntry> = fc.record({
  type: fc.constantFrom('file' as const, 'directory' as const, 'link' as const, 'other' as const),
  ...{ mode, uid: maybe(fc.nat()), gid: maybe(fc.nat()) },
  owner: maybe(fc.constantFrom('root', 'domain users')),
  group: maybe(fc.constantFrom('root', 'adm')),
  ...{ size: maybe(fc.nat()), mtimeSeconds: maybe(fc.integer()), links: maybe(fc.nat()) },
  inode: maybe(fc.nat()),
  target: maybe(fc.constantFrom('a', '/é')),
});
const tree: fc.Arbitrary<TreeState> = fc.record({
  type: fc.constantFrom('absent' as const, 'directory' as const, 'other' as const),
  entries: fc.array(fc.tuple(path, foundEntry), { maxLength: 3 }).map((pairs) => new Map(pairs)),
  isCut: fc.boolean(),
});

const prediction: fc.Arbitrary<Prediction> = fc.oneof(
  fc.record({
    query: fc.record({
      kind: fc.constant('output' as const),
      ...{ argv, environment, user, directory: maybe(path), stdin: maybe(plain) },
      ...{ timeoutSeconds: fc.nat(100), limitBytes: fc.nat(), isLasting: fc.boolean() },
      isBrief: fc.boolean(),
      readsOnly: maybe(fc.array(path, { maxLength: 2 })),
    }),
    before: output,
    answer: output,
  }),
  fc.record({
    query: path.map((one) => query.file(one)),
    before: fileState,
    answer: fileState,
  }),
  fc.record({
    query: fc.tuple(path, fc.boolean()).map(([one, isFollowed]) => ({
      ...query.entry(one),
      isFollowed,
    })),
    before: foundEntry,
    answer: fc.oneof(foundEntry, fc.constant({ type: 'absent' as const })),
  }),
);

/** Changes of every kind, whether a step would plan them or not. */
export const someChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    effect,
    path,
    content: bytes,
    mode: maybe(mode),
    before: fileState,
  }),
  fc.record({
    kind: fc.constant('send' as const),
    effect,
    path,
    source: fc.record({
      path,
      size: fc.integer({ min: 262_145, max: 1e12 }),
      sums: fc
        .tuple(bytes.map(sums), fc.boolean())
        .map(([all, hasCrc]) => (hasCrc ? all : `${all.split(' ')[0]} * *`)),
    }),
    mode: maybe(mode),
    before: fileState,
  }),
  fc.record({ kind: fc.constant('remove' as const), effect, path, before: fileState }),
  fc.record({ kind: fc.constant('directory' as const), effect, path, mode }),
  fc.record({
    kind: fc.constant('parameter' as const),
    effect: live,
    name: fc.constantFrom('net.ipv4.ip_forward', 'net.ipv4.conf.vif1/0.rp_filter'),
    value: fc.stringMatching(/^[\w ]{1,10}$/),
    before: text,
  }),
  fc.record({
    kind: fc.constant('routing' as const),
    effect: live,
    family,
    operations: fc.array(operation, { maxLength: 5 }),
    before: fc.record({ rules: listing(rule), routes: listing(route) }),
  }),
  fc.record({
    kind: fc.constant('chains' as const),
    effect: live,
    family,
    chains: chainMap(ownName),
    removed: fc.array(ownName, { maxLength: 2 }),
    jumps: fc.array(fc.record({ from: fc.constant('FORWARD'), to: ownName }), { maxLength: 2 }),
    policies: fc
      .constantFrom('ACCEPT' as const, 'DROP' as const)
      .map((policy) => new Map([['FORWARD', policy]])),
    before: chainsState,
  }),
  fc.record({
    kind: fc.constant('nft' as const),
    effect: live,
    script: text,
    removed: fc.array(
      fc.record({
        chain: fc.record({ ...nftPlace, chain: fc.constant('forward') }),
        rule: fc.constant('jump XPUSH-FWD'),
      }),
      { maxLength: 2 },
    ),
    listed: fc.array(ownName, { maxLength: 2 }),
    before: nftState,
    after: nftState,
  }),
  fc.record({
    kind: fc.constant('link' as const),
    ...{ effect, path, before: fc.oneof(foundEntry, fc.constant({ type: 'absent' as const })) },
    target: fc.constantFrom('a', '../b c', '/é', "$(id)'"),
  }),
  fc.record({
    kind: fc.constant('attributes' as const),
    ...{ effect, path, mode: maybe(mode), before: foundEntry },
    ...{ owner: maybe(principal), group: maybe(principal) },
  }),
  fc.record({ kind: fc.constant('tree' as const), effect, path, before: tree }),
  fc.record({
    kind: fc.constant('command' as const),
    effect: fc.constant('both' as const),
    ...commandRun,
    umask: maybe(fc.integer({ min: 0, max: 0o777 })),
    files: fc.array(path, { maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('call' as const),
    effect,
    ...commandRun,
    subject: fc.constant('service nginx'),
    before: fc.constant('stopped'),
    after: fc.constant('running'),
    predicts: maybe(fc.array(prediction, { maxLength: 3 })),
    touches: maybe(fc.array(path, { maxLength: 2 })),
    isBrief: fc.boolean(),
  }),
);
