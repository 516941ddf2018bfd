import { describe, expect, test } from 'vitest';
import { compileAct } from '../../src/host/act-program.ts';
import { change } from '../../src/host/change.ts';
import { compileFollow, compileHealth } from '../../src/host/window-program.ts';
import { readArm, readHealth, readLock, readWindow } from '../../src/host/window-sections.ts';
import { busybox, dash, isRoot } from './shells.ts';
import { identity, Room, sh, windowPlan } from './window-room.ts';

/** An `ip` that does not bring the default route back, and an iptables that loads nothing. */
const broken = `
  printf '#!/bin/sh\\ncase "$*" in *" default "*" dev "*) echo no; exit 2 ;; esac\\nexec /usr/sbin/ip "$@"\\n' >/run/bin/ip
  printf '#!/bin/sh\\necho no; exit 1\\n' >/run/bin/iptables-nft-restore
  printf '#!/bin/sh\\necho rebooted >>/run/rebooted\\n' >/run/bin/reboot
  printf '#!/bin/sh\\necho "$*" >>/run/syslog\\n' >/run/bin/logger
  chmod +x /run/bin/*`;
const cutOff = sh(
  `ip route del default; /usr/sbin/iptables-nft -P INPUT DROP; /usr/sbin/iptables-nft -P OUTPUT DROP
   echo new >/etc/kept; exit 1`,
  ['/etc/kept'],
);
const parts = ['routes of IPv4', 'firewall (iptables-nft)'];

describe.runIf(isRoot)('a host that could not undo everything', () => {
  test.concurrent('says what, keeps its lock, tries again on demand, and lets go when told', async () => {
    await using room = new Room(dash, broken);

    const sections = await room.open(windowPlan([cutOff]));
    const state = await room.windows();
    await using second = room.join();
    await second.observe([]);
    second.send(
      compileAct([{ id: '0', change: sh('true') }], second.known, [], {
        identity: { ...identity, id: 'other' },
        generation: null,
      }),
    );
    const refused = readLock(await second.sections());
    const stuck = await room.decide('undo');
    await room.say('rm /run/bin/iptables-nft-restore');
    const less = await room.decide('undo');
    const forgotten = await room.decide('forget');

    const why = 'a change failed: the command /bin/sh';
    expect(readWindow(sections)).toEqual({ type: 'incomplete', why, parts });
    expect(state).toMatchObject({
      pending: { state: 'rolling' },
      last: { outcome: 'incomplete', why },
    });
    expect(refused).toMatchObject({ type: 'busy', run: identity.id, isPending: true });
    expect(stuck).toEqual({ type: 'incomplete', why, parts });
    expect(less).toEqual({ type: 'incomplete', why, parts: ['routes of IPv4'] });
    expect(forgotten).toEqual({ type: 'rolled_back', why: 'put in order by hand' });
    expect(await room.windows()).toMatchObject({ pending: null, lock: null });
    expect(await room.say('cat /etc/kept; ls /run/rebooted')).toBe('old\n');
    expect(await room.say('grep -c "daemon.crit.*could NOT be undone" /run/syslog')).toBe('3\n');
  });

  test.concurrent('tells of it once, however many watched over it', async () => {
    await using room = new Room(dash, broken);

    await room.open(windowPlan([cutOff], { onRollbackFailure: 'reboot' }));
    const isOver =
      'XP_HOME=/var/lib/xpush; xp_find_pending && xp_is_supervised "$XP_PENDING" && echo alive';
    for (let said = 'alive'; said !== ''; ) said = await room.say(isOver);

    expect(await room.say('cat /run/rebooted')).toBe('rebooted\n');
    expect(await room.say('grep -c "NOT everything" /var/lib/xpush/window/*/log')).toBe('1\n');
  });

  test.concurrent('is not rebooted while files are not as before', async () => {
    await using room = new Room(dash, broken);

    const sections = await room.open(
      windowPlan([sh('rm /etc/kept; mkdir -p /etc/kept/mine; exit 1', ['/etc/kept'])], {
        onRollbackFailure: 'reboot',
      }),
    );

    expect(readWindow(sections)).toMatchObject({ type: 'incomplete', parts: ['/etc/kept'] });
    expect(await room.say('ls /run/rebooted; ls -A /etc/kept')).toBe('mine\n');
  });

  test.concurrent('lets the SSH of the controller in, and nothing else, where the inventory says so', async () => {
    await using room = new Room(
      dash,
      `${broken}
       unshare -n sleep 60 >/dev/null 2>&1 </dev/null & echo $! >/run/outside; sleep 0.2
       ip link set peer0 netns "$(cat /run/outside)"
       outside() { nsenter -t "$(cat /run/outside)" -n "$@"; }
       outside ip link set peer0 up; outside ip addr add 10.0.0.99/24 dev peer0; outside ip addr add 10.0.0.98/24 dev peer0
       nft add table inet native; nft 'add chain inet native input { type filter hook input priority 5; policy accept; }'
       for port in 22 23; do timeout 60 busybox nc -ll -p $port -e true >/dev/null 2>&1 </dev/null & done`,
    );
    const reach = async (from: string, port: number) =>
      await room.say(
        `outside() { nsenter -t "$(cat /run/outside)" -n "$@"; }
         outside ip route replace 10.0.0.1 dev peer0 src ${from}
         outside timeout 1 bash -c '</dev/tcp/10.0.0.1/${port}' 2>/dev/null && echo in`,
      );
    await room.running.observe([]);
    const before = [await reach('10.0.0.99', 22), await reach('10.0.0.98', 23)];

    const sections = await room.open(
      windowPlan(
        [
          sh(`/usr/sbin/iptables-nft -P INPUT DROP; /usr/sbin/iptables-nft -P OUTPUT DROP
             printf '#!/bin/sh\\ncase $1 in -f) exit 1 ;; insert) exec /usr/sbin/nft "$@" ;; esac; exec /usr/sbin/nft "$@"\\n' >/run/bin/nft
             chmod +x /run/bin/nft
             /usr/sbin/nft 'chain inet native input { policy drop; }'; exit 1`),
        ],
        { onRollbackFailure: 'open', controller: '10.0.0.99' },
      ),
    );
    const controller = await reach('10.0.0.99', 22);
    const others = [await reach('10.0.0.98', 22), await reach('10.0.0.99', 23)];
    await room.say('kill "$(cat /run/outside)"');

    expect(before).toEqual(['in\n', 'in\n']);
    expect(readWindow(sections)).toMatchObject({
      type: 'incomplete',
      parts: ['firewall (iptables-nft)', 'firewall (nftables)'],
    });
    expect(controller, await room.log()).toBe('in\n');
    expect(others).toEqual(['', '']);
  });
});

describe.runIf(isRoot).each([dash, busybox])('a window ($name)', (shell) => {
  test.concurrent('puts whole directories back: what is new goes, what went or was changed returns', async () => {
    await using room = new Room(
      shell,
      'mkdir -p /etc/tree/sub; cd /etc/tree; echo a >a; echo b >sub/b; ln -s a link; echo c >"c d"; chmod 640 a; chmod 750 .; ln -s /etc/tree /etc/door',
    );
    const list =
      'cd /etc/tree; ls -lnR . | grep -v total | sed "s/ [A-Z][a-z][a-z] .*:[0-9]* / /"; cat a sub/b link "c d"';
    await room.running.observe([]);
    const before = await room.say(list);

    const sections = await room.open(
      windowPlan([
        sh(
          'cd /etc/tree; echo x >a; chmod 4755 a; rm -r sub; echo n >new; ln -sf b link; rm "c d"; chmod 700 .; exit 1',
          ['/etc/door'],
        ),
      ]),
    );

    expect(readWindow(sections), await room.log()).toMatchObject({ type: 'rolled_back' });
    expect(await room.say(list)).toBe(before);
    expect(await room.say('ls -A /etc/tree /etc | grep xpush; readlink /etc/door')).toBe(
      '/etc/tree\n',
    );
  });

  test.concurrent('is told once more to a controller that lost the line', async () => {
    await using room = new Room(shell);
    const { running } = room;
    await room.open(windowPlan([sh('echo one'), sh('echo two; exit 0')]));
    await using second = room.join();
    await second.observe([]);
    second.send(compileFollow(`${identity.id}.1`, second.known));
    const again = await second.sections();
    second.send(compileFollow(`${identity.id}.7`, second.known));
    const unknown = await second.sections();
    await room.decide('undo');
    second.send(compileFollow(`${identity.id}.1`, second.known));
    const undone = await second.sections();

    expect(running.known.has('window.sh')).toBe(true);
    expect([...again.keys()]).toEqual(['0.0', '0.1', 'window']);
    expect(again.get('0.1')).toMatchObject({ status: 0, body: 'two\n' });
    expect(readWindow(again)).toMatchObject({ type: 'applied' });
    expect(readWindow(unknown)).toBeNull();
    expect(readWindow(undone)).toEqual({ type: 'rolled_back', why: 'by hand' });
  });

  test.concurrent('pings before it changes anything, and whenever it is asked', async () => {
    await using room = new Room(shell, 'ln -s "$(command -v busybox)" /run/bin/ping');
    const addresses = ['10.0.0.1', '10.0.0.77', '2001:db8::1'];
    const sections = await room.open(windowPlan([sh('true')], { pings: addresses }));
    room.running.send(compileHealth(addresses, room.running.known));
    const again = readHealth(await room.running.sections());

    expect([...sections.keys()].slice(0, 3)).toEqual(['lock', 'health', 'arm']);
    expect(Object.fromEntries(readHealth(sections))).toEqual({
      '10.0.0.1': true,
      '10.0.0.77': false,
      '2001:db8::1': true,
    });
    expect(again).toEqual(readHealth(sections));
  });

  test.concurrent('that is waited for is not forgotten', async () => {
    await using room = new Room(shell);
    await room.open(windowPlan([sh('true')]));

    expect(await room.decide('forget')).toEqual({
      type: 'failed',
      message: 'it is not stuck: confirm or undo it',
    });
    expect(await room.decide('confirm', { id: `${identity.id}.5` })).toEqual({ type: 'gone' });
    expect(await room.decide('confirm')).toEqual({ type: 'confirmed' });
  });
});

describe.runIf(isRoot)('a rule that says `not`', () => {
  test.concurrent('is refused where `ip` (busybox) could not put it back', async () => {
    const rule = { priority: 1500, table: '17', from: '10.1.0.0/16', rest: 'not' } as never;
    const before = {
      rules: { entries: [], fingerprint: null },
      routes: { entries: [], fingerprint: null },
    } as never;
    const plan = windowPlan(change.routing(4, [{ verb: 'add', object: 'rule', rule }], before));
    await using room = new Room(busybox);

    const sections = await room.open(plan);

    expect(readArm(sections)).toMatchObject({
      type: 'failed',
      message: expect.stringMatching(/busybox.*`not`|'not'.*install iproute2/),
    });
  });
});
