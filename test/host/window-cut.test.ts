import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileLook } from '../../src/host/look-program.ts';
import { nothingKnown } from '../../src/host/program.ts';
import { query } from '../../src/host/query.ts';
import { compileDecision, compileWindow } from '../../src/host/window-program.ts';
import { runs } from '../runs.ts';
import { busybox, dash, isRoot, temporaryDirectory } from './shells.ts';
import { identity, Room, sh, windowPlan } from './window-room.ts';

const look = compileLook([query.tool('sh')], 'nonce', nothingKnown);
const generation = { id: `${identity.id}.1`, text: '{}', keep: 3 };
const window = compileWindow(
  windowPlan([sh('ip route del default; echo new >/etc/kept', ['/etc/kept'])], {
    generation,
    pings: ['10.0.0.1'],
    // the whole one is over, and its output ends, when nobody has confirmed it
    confirmSeconds: 1,
  }),
  look.known,
);
const decision = compileDecision(
  { id: `${identity.id}.1`, decision: 'undo', why: 'so', identity },
  look.known,
);

/** The first and last 200, and some between; all of them in long runs. What is whole but for its last byte is whole. */
function cutsOf({ text }: { readonly text: string }): readonly number[] {
  const all = Array.from({ length: text.length - 1 }, (_, end) => end);
  if (runs(200) > 200) return all;
  const between = fc.sample(fc.integer({ min: 200, max: text.length - 200 }), {
    numRuns: 50,
    seed: 7,
  });
  return [...all.slice(0, 200), ...between, ...all.slice(-200)];
}

describe.runIf(isRoot).concurrent.each([dash, busybox])(
  'a program that is cut ($name)',
  (shell) => {
    test.concurrent.each([
      ['window', window],
      ['decision', decision],
    ])('runs nothing of a %s, and leaves no lock', async (_what, program) => {
      const place = temporaryDirectory();
      writeFileSync(join(place, 'look'), look.text);
      writeFileSync(join(place, 'program'), program.text);
      const cuts = cutsOf(program);
      writeFileSync(join(place, 'cuts'), cuts.map((cut) => `${cut}\n`).join(''));
      await using room = new Room(shell);
      await room.running.observe([]);

      const said = await room.say(`cd ${place}
      while read -r cut; do
        { cat look; head -c "$cut" program; } | sh -s 2>/dev/null
        echo "ended $cut"
      done <cuts | grep -c -e '^ended' -e ' end tools 0'
      ls -A /var/lib; cat /etc/kept; ip route | grep -c default
      { cat look; cat program; } | sh -s 2>&1 | grep -c -e ' end lock 0' -e ' end decision 0'`);

      // each was there, and only looked; then the whole one, which runs
      expect(said).toBe(`${2 * cuts.length}\nold\n1\n1\n`);
      expect(cuts.length).toBeGreaterThan(400);
    });
  },
);
