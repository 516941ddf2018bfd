import { describe, expect, test } from 'vitest';
import { change } from '../../src/host/change.ts';
import { readArm, readLock, readWindow } from '../../src/host/window-sections.ts';
import { isRoot, shells } from './shells.ts';
import { identity, Room, sh, windowPlan } from './window-room.ts';

const cutOff = sh(
  `ip route del default; ip addr del 10.0.0.1/24 dev eth0; ip rule del priority 1000; ip rule add priority 77 from 1.2.3.4 lookup 7
   ip -6 route del default; ip -6 rule add priority 78 from 2001:db8::/64 lookup 7; ip route add blackhole 10.9.0.0/16
   echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter; ip link set eth0 mtu 1400
   echo new >/etc/kept; chmod 600 /etc/kept
   for tool in iptables-legacy iptables-nft ip6tables-nft; do "/usr/sbin/$tool" -A INPUT -p tcp --dport 22 -j DROP; done
   /usr/sbin/nft add rule inet native input tcp dport 22 drop`,
  ['/etc/kept'],
);
const furnished = `
  iptables-nft -A FORWARD -s 10.1.0.0/16 -j ACCEPT; iptables-legacy -A FORWARD -s 10.2.0.0/16 -j ACCEPT
  nft add table inet native; nft 'add chain inet native input { type filter hook input priority 0; }'
  nft add rule inet native input tcp dport 80 counter accept`;
const newFile = (path: string, content: string) =>
  change.writeFile(path, content, { type: 'absent' }, { effect: 'boot' });

describe.runIf(isRoot).each(shells)('compileWindow ($name)', (shell) => {
  test.concurrent('keeps what is confirmed, and puts files of the next boot in place then', async () => {
    await using room = new Room(shell);
    const plan = windowPlan([
      sh('ip route add 10.9.0.0/16 via 10.0.0.7; echo said'),
      ...change.makeDirectory('/etc/made', { type: 'absent' }),
      ...newFile('/etc/made/file', 'new\n'),
    ]);

    const sections = await room.open(plan);
    const early = await room.say('ls /etc/made');
    const pending = await room.windows();
    const decision = await room.decide('confirm');

    expect(readLock(sections)).toEqual({ type: 'locked', note: null });
    expect(readArm(sections)).toEqual({ type: 'armed', note: null });
    expect(sections.get('0.0')).toMatchObject({ status: 0, body: 'said\n' });
    expect(readWindow(sections)).toMatchObject({ type: 'applied' });
    expect(early).toBe('');
    expect(pending).toMatchObject({
      lock: { run: identity.id, isStale: false },
      pending: { id: plan.id, by: 'me@here', state: 'applied', hasRebooted: false },
    });
    expect(decision).toEqual({ type: 'confirmed' });
    expect(await room.say('cat /etc/made/file; ip route show 10.9.0.0/16')).toContain('new\n10.9');
    expect(await room.windows()).toMatchObject({
      lock: null,
      pending: null,
      last: { id: plan.id, outcome: 'confirmed', why: '' },
    });
    expect(await room.decide('confirm')).toEqual({ type: 'confirmed' });
    expect(await room.decide('undo')).toMatchObject({ type: 'too_late' });
    expect(await room.say('ls -a /etc /etc/made /etc/rcS.d | grep xpush')).toBe('');
    expect(await room.say('cd /var/lib/xpush/window/*/ && ls')).not.toMatch(/changes|files|live/);
  });

  test.concurrent('undoes everything that is not confirmed in time', async () => {
    await using room = new Room(shell, furnished);
    await room.running.observe([]);
    const before = await room.network();

    const sections = await room.open(
      windowPlan([cutOff, ...newFile('/etc/made', 'new\n')], { confirmSeconds: 2 }),
    );
    const meanwhile = await room.network();
    const { last, lock } = await room.over();

    expect(readWindow(sections)).toMatchObject({ type: 'applied' });
    expect(meanwhile).toContain('10.9.0.0/16');
    expect(last).toMatchObject({ outcome: 'rolled_back', why: 'nobody confirmed it within 2 s' });
    expect(lock).toBeNull();
    expect(await room.network()).toBe(before);
    expect(await room.say('ls -d /etc/made; ip link show eth0 | grep -c "mtu 1500"')).toMatch(
      /1\n$/,
    );
    expect(await room.decide('confirm')).toMatchObject({ type: 'too_late' });
  });

  test.concurrent('undoes everything at once when a change fails, and says which', async () => {
    await using room = new Room(shell, furnished);
    await room.running.observe([]);
    const before = await room.network();

    const sections = await room.open(windowPlan([cutOff, sh('echo no; exit 3'), sh('true')]));

    expect(sections.get('0.1')).toMatchObject({ status: 3, body: 'no\n' });
    expect(sections.has('0.2')).toBe(false);
    expect(readWindow(sections)).toEqual({
      type: 'rolled_back',
      why: 'a change failed: the command /bin/sh',
    });
    expect(await room.network()).toBe(before);
  });

  test.concurrent('ends changes that take too long, with all that they started', async () => {
    await using room = new Room(shell);

    const sections = await room.open(
      windowPlan([sh('ip route del default; sleep 77 & sleep 78')], { applySeconds: 2 }),
    );

    expect(sections.get('0.0')).toMatchObject({ status: 137 });
    expect(readWindow(sections)).toMatchObject({
      type: 'rolled_back',
      why: 'its changes took longer than 2 s: the command /bin/sh',
    });
    expect(
      await room.say('ip route | grep default; ps ax 2>/dev/null | grep "sleep 7[78]$"'),
    ).toMatch(/^default via 10\.0\.0\.9 dev eth0 *\n$/);
  });

  test.concurrent('is undone on demand, and when its supervisor was killed', async () => {
    await using room = new Room(shell);
    const deleteRoute = sh('ip route del default');

    await room.open(windowPlan([deleteRoute]));
    const decision = await room.decide('undo');
    await room.open(windowPlan([deleteRoute], { id: `${identity.id}.2`, confirmSeconds: 2 }));
    await room.say('read -r _ id _ </var/lib/xpush/window/*.2/now/supervisor && kill -9 "$id"');
    const { last } = await room.over();

    expect(decision).toEqual({ type: 'rolled_back', why: 'by hand' });
    expect(last).toMatchObject({ outcome: 'rolled_back', why: 'nobody confirmed it within 2 s' });
    expect(await room.say('ip route | grep default')).toContain('10.0.0.9');
  });
});
