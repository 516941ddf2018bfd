import type { LabHost } from '../../../src/lab/lab.ts';

/** All of a host that a run may change, by part; comparable over runs, reboots and hosts. */
export type HostState = Readonly<Record<string, string>>;

/**
 * Reads it on the host's console. Left out is what is no configuration (counters, lifetimes, times of
 * files, xpush's own memory of runs) and what makes hosts differ (name, addresses, MACs, keys).
 */
export async function hostState(host: LabHost): Promise<HostState> {
  const { stdout, stderr, code } = await host.exec(['sh', '-c', script]);
  if (code !== 0 || stderr !== '') throw new Error(`${host.name}: ${code}: ${stderr}`);
  const parts = stdout.split(/^=== /m).slice(1);
  const words = host.addresses.map((address) => [address, 'ADDRESS'] as const);
  return Object.fromEntries(
    parts.map((part) => {
      const [name = '', ...lines] = part.split('\n');
      const text = (texts[name.split(' ')[0] ?? ''] ?? asIs)(lines.join('\n'));
      return [name, words.reduce((one, [from, to]) => one.replaceAll(from, to), text).trim()];
    }),
  );
}

/** The parts in which two states differ. */
export function differences(one: HostState, other: HostState): readonly string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => (one[name] ?? '') !== (other[name] ?? ''));
}

const texts: Readonly<Record<string, (text: string) => string>> = { tables: rulesOf, nft: nftOf };

function asIs(text: string): string {
  return text;
}

/** An empty table that accepts all is as good as none. */
function rulesOf(text: string): string {
  let table = '';
  return text
    .split('\n')
    .flatMap((line) => {
      if (line.startsWith('*')) table = line;
      if (line.startsWith('#') || line.startsWith('*') || line === 'COMMIT') return [];
      const rule = line.replace(/ ?\[\d+:\d+\]/g, '');
      return rule === '' || / ACCEPT$/.test(rule.startsWith(':') ? rule : '') ? [] : [table + rule];
    })
    .join('\n');
}

function nftOf(text: string): string {
  const plain = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) =>
      line.replace(/ ?# handle \d+/, '').replace(/counter packets \d+ bytes \d+/, 'counter'),
    )
    .join('\n');
  const withoutChains = plain.replace(
    /^\tchain \S+ \{\n(\t\ttype [^\n]* policy accept;\n)?\t\}\n?/gm,
    '',
  );
  return withoutChains.replace(/^table \S+ \S+ \{\s*\}\n?/gm, '').replace(/\n\s*\n/g, '\n');
}

const script = `
LC_ALL=C; export LC_ALL
part() { printf '=== %s\\n' "$1"; }
for family in -4 -6; do
  part "rules $family"
  ip $family rule
  part "routes $family"
  ip $family route show table all | grep -v -e '^local ' -e '^broadcast ' -e '^multicast ' -e '^anycast ' -e '^ff00::/8' -e '^fe80::' |
    sed -e 's/ expires [0-9]*sec//' -e 's/ linkdown//' -e 's/[ \t]*$//' | sort
done
part addresses
ip -o addr | sed -e 's/^[0-9]*: *//' -e '/fe80:/d' -e 's/\\\\.*//' -e 's/ *$//'
part links
ip -o link | sed -n 's/^[0-9]*: \\([^:@]*\\)[^<]*<\\([^>]*\\)>.* mtu \\([0-9]*\\).*/\\1 \\2 \\3/p'
part sysctls
grep -rs . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf /proc/sys/net/ipv4/tcp_syncookies /proc/sys/net/ipv4/icmp_echo_ignore_all |
  grep -v -e stable_secret -e /mc_forwarding | sort
for tool in iptables-legacy ip6tables-legacy iptables-nft ip6tables-nft iptables ip6tables; do
  command -v $tool-save >/dev/null || continue
  case $tool in iptables | ip6tables) if command -v $tool-nft-save >/dev/null; then continue; fi ;; esac
  part "tables $tool"
  $tool-save 2>/dev/null || true
done
if command -v nft >/dev/null; then
  part nft
  nft list ruleset 2>/dev/null || true
fi
part files
trees=
for tree in /etc /root /home /opt /srv /usr/local /var/lib; do [ ! -e $tree ] || trees="$trees $tree"; done
{
  find $trees -path /var/lib/xpush -prune -o -path /usr/local/count -prune -o \\( -name '.xpush-*' -o ! -type d \\) -exec ls -lnd {} + |
    awk '{ line = $1 " " $3 " " $4; for (i = 9; i <= NF; i++) line = line " " $i; print line }'
  find $trees -path /var/lib/xpush -prune -o -type d -print | sed 's/$/\\//'
  find $trees -path /var/lib/xpush -prune -o -path /usr/local/count -prune -o -type f ! -name hostname ! -name hosts ! -name machine-id ! -name '*_key' ! -name '*_key.pub' ! -name authorized_keys -exec sha256sum {} +
} | sort
true
`;
