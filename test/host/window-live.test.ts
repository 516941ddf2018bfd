import { describe, expect, test } from 'vitest';
import { readArm, readWindow } from '../../src/host/window-sections.ts';
import { busybox, dash, isRoot } from './shells.ts';
import { Room, sh, windowPlan } from './window-room.ts';

/** All kinds of what `ip` can be told, so far as this kernel knows them. */
const routing = `
  ip route add 10.20.0.0/16 metric 100 nexthop via 10.0.0.7 weight 2 nexthop via 10.0.0.8 weight 1
  ip -6 route add 2001:db8:20::/48 via 2001:db8::7 metric 50
  ip -6 route add 2001:db8:20::/48 via 2001:db8::8 metric 60
  ip -6 route add 2001:db8:30::/48 nexthop via 2001:db8::7 nexthop via 2001:db8::8
  ip route add 10.30.0.0/16 dev eth0 scope link src 10.0.0.2 mtu 1300 advmss 1200 proto static
  ip route add 10.31.0.0/16 via 10.0.0.7 mtu lock 1300 initcwnd 20 quickack 1
  ip route add 10.32.0.0/16 via 10.66.0.7 dev eth0 onlink
  ip route add prohibit 10.33.0.0/16 metric 7; ip route add throw 10.34.0.0/16 table 17
  ip route add 10.35.0.0/16 dev eth0 tos 0x10; ip route add 10.37.0.0/16 via inet6 2001:db8::7 dev eth0
  ip nexthop add id 5 via 10.0.0.7 dev eth0 && ip route add 10.38.0.0/16 nhid 5
  ip -6 route add unreachable 2001:db8:33::/48
  ip -6 route add 2001:db8:34::/48 dev eth0 src 2001:db8::1 mtu 1300 pref high
  ip -6 route add 2001:db8:35::/48 from 2001:db8::/64 via 2001:db8::7
  echo '17 uplink' >>/etc/iproute2/rt_tables
  ip rule add priority 500 lookup main suppress_prefixlength 0
  ip rule add priority 501 fwmark 0x10/0xff lookup uplink; ip rule add priority 502 iif eth0 lookup 17
  ip rule add priority 503 not from 10.0.0.0/24 lookup 17; ip rule add priority 504 from 1.2.3.4 goto 600
  ip rule add priority 600 from all nop; ip rule add priority 505 from 1.2.3.5 blackhole
  ip rule add priority 506 ipproto tcp dport 22 lookup 17; ip rule add priority 507 uidrange 0-99 lookup 17
  ip rule add priority 508 tos 0x10 lookup 17; ip rule add priority 509 oif eth9 lookup 17
  ip rule add priority 511 from 1.2.3.6 lookup 17 realms 3/4; ip rule add priority 513 l3mdev
  ip rule add priority 512 fwmark 1 suppress_ifgroup default lookup main
  ip rule add priority 510 from 10.1.0.0/16 lookup 17; ip rule add priority 510 from 10.2.0.0/16 lookup 18
  ip rule add priority 510 from 10.1.0.0/16 lookup 19
  ip -6 rule add priority 500 lookup main suppress_prefixlength 0`;

describe.runIf(isRoot)('an undone window', () => {
  test.concurrent('puts back routes and rules of every kind, each word and their order', async () => {
    await using room = new Room(dash, routing);
    await room.running.observe([]);
    const before = await room.network();

    const sections = await room.open(
      windowPlan([
        sh(`ip rule flush; ip -6 rule flush; ip route flush table 17; ip route flush proto static
          ip -6 route flush table main; ip route flush table main; ip rule add priority 510 from 10.2.0.0/16 lookup 18
          sed -i /uplink/d /etc/iproute2/rt_tables; false`),
      ]),
    );

    expect(await room.log()).not.toContain('not yet');
    expect(readWindow(sections), await room.log()).toMatchObject({ type: 'rolled_back' });
    expect(named(await room.network())).toBe(named(before));
  });

  test.concurrent('needs no names of tables, and keeps interfaces down and addresses in order', async () => {
    await using room = new Room(dash, routing);
    await room.running.observe([]);
    const before = await room.network();

    const sections = await room.open(
      windowPlan([sh('ip link set eth0 down; ip link set eth0 mtu 1200 up; exit 1')]),
    );

    expect(readWindow(sections), await room.log()).toMatchObject({ type: 'rolled_back' });
    expect(named(await room.network())).toBe(named(before));
  });

  test.concurrent('leaves interfaces of guests that came and went meanwhile alone', async () => {
    await using room = new Room(
      dash,
      `ip link add vif1.0 type veth peer name tapped1; ip link set vif1.0 up; ip route add 10.0.0.77 dev vif1.0
       ip link add tap0 type veth peer name tapped2`,
    );
    await room.running.observe([]);

    const sections = await room.open(
      windowPlan([
        sh(`ip link del vif1.0; ip link del tap0; ip link add vif2.0 type veth peer name tapped1; ip link set vif2.0 up
            ip addr add 10.7.7.7/32 dev vif2.0; ip route add 10.0.0.78 dev vif2.0; ip route del default; exit 1`),
      ]),
    );

    expect(readWindow(sections), await room.log()).toMatchObject({ type: 'rolled_back' });
    const network = await room.network();
    expect(network).toContain('10.0.0.78 dev vif2.0');
    expect(network).toContain('10.7.7.7/32');
    expect(network).not.toContain('10.0.0.77');
    expect(network).toContain('default via 10.0.0.9');
  });

  test.concurrent('is incomplete where an interface of the host itself is gone, and says which', async () => {
    await using room = new Room(
      dash,
      'ip link add eth1 type veth peer name peer1; ip addr add 10.8.0.1/24 dev eth1',
    );
    await room.running.observe([]);

    const sections = await room.open(
      windowPlan([sh('ip link del eth1; ip route del default; exit 1')]),
    );

    expect(readWindow(sections), await room.log()).toEqual({
      type: 'incomplete',
      why: 'a change failed: the command /bin/sh',
      parts: ['interfaces', 'addresses of IPv4'],
    });
    expect(await room.network()).toContain('default via 10.0.0.9');
  });

  test.concurrent('a host whose ip (busybox) can not list its rules is refused before anything', async () => {
    await using room = new Room(busybox, 'ip rule add priority 505 from 1.2.3.5 blackhole');

    const sections = await room.open(windowPlan([sh('ip route del default')]));

    expect(readArm(sections)).toMatchObject({
      type: 'failed',
      message: expect.stringMatching(/busybox.*install iproute2[\s\S]*nothing was changed/),
    });
    expect(await room.network()).toContain('default via 10.0.0.9');
  });
});

/** Tables by name or number: the file of names is no part of the network. */
function named(network: string): string {
  return network.replaceAll('uplink', '17');
}
