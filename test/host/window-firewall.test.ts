import { describe, expect, test } from 'vitest';
import { readWindow } from '../../src/host/window-sections.ts';
import { dash, isRoot } from './shells.ts';
import { Room, sh, windowPlan } from './window-room.ts';

/** Both kinds of iptables in all tables, beside tables of nftables with all that these can hold. */
const firewalls = `
  for tool in iptables-nft iptables-legacy ip6tables-nft; do
    "$tool" -N OURS; "$tool" -A OURS -p tcp --dport 8080 -m comment --comment "a  \\"b\\" c" -j ACCEPT
    "$tool" -A FORWARD -j OURS; "$tool" -P FORWARD DROP
    "$tool" -t mangle -A PREROUTING -p tcp --dport 80 -j MARK --set-mark 7
    "$tool" -t raw -A PREROUTING -p udp --dport 53 -j NOTRACK
  done
  iptables-nft -t nat -A POSTROUTING -o eth0 -j MASQUERADE; iptables-nft -t nat -A OUTPUT -p tcp --dport 81 -j REDIRECT --to-ports 8081
  nft -f - <<'N'
table inet native {
	set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.0.0/16 }; }
	set d { type ipv4_addr; flags dynamic,timeout; timeout 1m; elements = { 1.2.3.4, 1.2.3.5 timeout 5m }; }
	map m { type inet_service : verdict; elements = { 22 : accept, 80 : jump other }; }
	counter c { }
	quota q { over 10 mbytes }
	limit l { rate 5/second }
	chain other { tcp dport 80 counter accept; }
	chain input {
		type filter hook input priority 0; policy accept;
		ip saddr @s counter accept
		tcp dport vmap @m
		counter name c
		quota name q drop
		limit name l accept
		meta l4proto udp update @d { ip saddr timeout 1m limit rate 5/second }
		iifname { "eth0", "vif*" } tcp dport { 1, 2, 3-5 } log prefix "a b " accept
	}
}
table ip6 empty { }
table netdev early { chain ingress { type filter hook ingress device eth0 priority 0; ip saddr 9.9.9.9 drop; }; }
N
  nft 'add flowtable inet native f { hook ingress priority 0; devices = { eth0 }; }' || :`;

/** All of it, without what changes by itself. */
const listed = `for tool in iptables-nft ip6tables-nft iptables-legacy; do "/usr/sbin/$tool-save" | sed -e '/^#/d' -e 's/ \\[.*//'; done
  for table in 'inet native' 'ip6 empty' 'netdev early' 'inet other'; do /usr/sbin/nft -s list table $table | sed 's/ expires [0-9a-z]*//g'; done`;

describe.runIf(isRoot)('the firewalls of an undone window', () => {
  test.concurrent('come back in all tables of all kinds', async () => {
    await using room = new Room(dash, firewalls);
    await room.running.observe([]);
    const before = await room.say(listed);

    const sections = await room.open(
      windowPlan([
        sh(`PATH=$PATH:/usr/sbin
            nft flush ruleset; iptables-legacy -F; iptables-legacy -t raw -F; iptables-legacy -t mangle -P INPUT DROP
            iptables-legacy -t nat -A PREROUTING -p tcp --dport 22 -j REDIRECT --to-ports 1
            iptables-nft -t security -P INPUT DROP; iptables-nft -P INPUT DROP
            nft add table inet other; nft 'add chain inet other input { type filter hook input priority -5; policy drop; }'; exit 1`),
      ]),
    );

    const log = await room.log();
    expect(before).toContain('chain ingress');
    expect(before).toContain('MASQUERADE');
    expect(readWindow(sections), log).toMatchObject({ type: 'rolled_back' });
    expect(log).not.toContain('not yet');
    expect(rules(await room.say(listed))).toEqual(rules(before));
  });

  test.concurrent('are as before though a set has lost and won elements by itself', async () => {
    await using room = new Room(dash, firewalls);
    await room.running.observe([]);

    const sections = await room.open(
      windowPlan([
        sh(`PATH=$PATH:/usr/sbin; ip route del default
            nft delete element inet native d '{ 1.2.3.4 }'; nft add element inet native d '{ 7.7.7.7 timeout 2m }'; exit 1`),
      ]),
    );

    expect(readWindow(sections), await room.log()).toMatchObject({ type: 'rolled_back' });
    expect(await room.say(listed)).toContain('7.7.7.7'); // not touched
  });
});

/** Tables that have none are as good as none. */
function rules(text: string): string[] {
  return text
    .replace('dport { 1-5 }', 'dport 1-5')
    .split('\n')
    .filter((line) => !/^(:\S+ ACCEPT|\*\S+|COMMIT)$/.test(line));
}
