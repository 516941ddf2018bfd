import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import { pageStyle } from '../../src/report/html-style.ts';
import { runs } from '../runs.ts';
import { hasBrowser, load } from './browser.ts';
import { report } from './capture.ts';
import { fleetRun } from './fleet-run.ts';
import { hostileRun } from './hostile-event.ts';
import { fileChange, runOf } from './sample-run.ts';

async function pageOf(events: readonly RunEvent[]): Promise<string> {
  let made = '';
  await report(events, {
    writePage: async (page) => {
      for await (const piece of page) made += piece;
    },
  });
  return made;
}

/** Contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** Relative luminance of `#rrggbb`. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Tags and their attributes, without the text between them. */
const tagsOf = (page: string): readonly string[] => page.match(/<[^>]*>/g) ?? [];
const names = new Set(
  'html head meta title style body header h1 h2 h3 p ul li strong dl div dt dd nav a main section details summary span b small table thead tbody tr th td pre ins del svg rect footer !DOCTYPE'.split(
    ' ',
  ),
);

/** Words that would do harm outside of text. */
const injections = [
  '<script>document.title="canary"</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</style><script>1</script>',
  '</title><b>',
  '<!--',
  ']]>',
  '&lt;script&gt;',
  'javascript:alert(1)',
];

describe('htmlPage', () => {
  test('lets no text of a run out of its place, nor any control character', async () => {
    await fc.assert(
      fc.asyncProperty(hostileRun, fc.constantFrom(...injections), async (run, injection) => {
        const poisoned: readonly RunEvent[] = JSON.parse(
          JSON.stringify(run).replaceAll('xen1', JSON.stringify(injection).slice(1, -1)),
        );
        const page = await pageOf(poisoned);

        expect(page).not.toMatch(/(?![\n\t])[\p{C}\p{Zl}\p{Zp}]/u);
        for (const tag of tagsOf(page)) {
          expect(names).toContain(/^<\/?([!\w]+)/.exec(tag)?.[1]);
          expect(tag).not.toMatch(/\son\w+=|javascript:|\sstyle=|\ssrc=/i);
        }
        expect(page.match(/<style>/g)).toHaveLength(1);
      }),
      { numRuns: runs() },
    );
  });

  test('has a style that needs no escapes: its hash is in the policy', async () => {
    expect(pageStyle).not.toMatch(/[<>&"']/);
    const page = await pageOf(fleetRun({ dom0s: 1, guestsEach: 1 }));
    expect(page).toContain('default-src &#39;none&#39;; style-src &#39;sha256-');
  });

  test.each(['light', 'dark'])(
    'can be read in the %s theme (WCAG 2.2, 1.4.3: 4.5 to 1)',
    (theme) => {
      const [light = '', dark = ''] =
        pageStyle.split('@media print')[0]?.match(/:root \{[^}]*\}/g) ?? [];
      const colours = new Map(
        [...`${light}${theme === 'dark' ? dark : ''}`.matchAll(/--(\w+): (#\w{6})/g)].map(
          ([, name = '', value = '']) => [name, value],
        ),
      );
      const inks = [...colours.keys()].filter((name) => !/^(page|line|box|plus|minus)$/.test(name));
      expect(inks).toHaveLength(8);
      const pairs = [
        ...inks.flatMap((ink) => [
          [ink, 'page'],
          [ink, 'box'],
        ]),
        ...[
          ['good', 'plus'],
          ['bad', 'minus'],
        ],
      ].map(([ink = '', ground = '']) => ({
        pair: `${ink} on ${ground}`,
        ratio: contrast(colours.get(ink) ?? '', colours.get(ground) ?? ''),
      }));

      expect(pairs.filter(({ ratio }) => !(ratio >= 4.5))).toEqual([]);
    },
  );

  test('says of a rollout that stopped how its hosts stand, and what goes on', async () => {
    let page = '';
    await report(fleetRun({ dom0s: 2, guestsEach: 3 }), {
      resume: () => 'xpush apply fleet.yaml --retry last',
      writePage: async (pieces) => {
        for await (const piece of pieces) page += piece;
      },
    });

    expect(page).toContain('<section id="next"');
    expect(page).toContain('<small>as described</small>');
    expect(page).toContain('<pre class="said">xpush apply fleet.yaml --retry last</pre>');
  });

  test('groups a thousand hosts: what is equal is there once', async () => {
    const page = await pageOf(fleetRun({ dom0s: 50, guestsEach: 20 }));

    expect(page.length).toBeLessThan(1_000_000);
    expect(page.match(/<ins class="plus">\+b = 2<\/ins>/g)).toHaveLength(7);
    expect(page).toContain('730 hosts: web-xen01-2, web-xen01-4, web-xen01-5 and 727 more');
    // Every guest is below its dom0 with its addresses.
    expect(page).toContain('<b>web-xen50-20</b><span class="mono"> 10.50.0.29 10.50.1.29</span>');
  });

  test('is made of a run that broke off too', async () => {
    const page = await pageOf(fleetRun({ dom0s: 1, guestsEach: 1 }).slice(0, 3));

    expect(page).toContain('The run broke off');
    expect(page).toContain('not done');
  });

  test('says of a check what would change', async () => {
    const changes = [fileChange('/etc/a', 'a\n', 'b\n')];
    const page = await pageOf(
      runOf([['xen1', 'dom0', [{ status: 'changed', changes }], { status: 'changed' }]], {
        check: true,
      }),
    );

    expect(page).toContain('What would change');
    expect(page).toContain('A check: nothing was changed.');
    expect(page).toContain('<del class="minus">-a</del>');
  });
});

describe.skipIf(!hasBrowser)('the page in a browser', () => {
  test('loads from a file without a request or a word on the console, in its style', async () => {
    const { dom, console, requests } = await load(
      await pageOf(fleetRun({ dom0s: 50, guestsEach: 20 })),
    );

    expect(console).toEqual([]);
    expect(requests).toEqual([]);
    expect(dom.match(/<li><span class="sign/g)).toHaveLength(1000);
    for (const id of ['errors', 'pending', 'tasks', 'changes', 'rollout', 'hosts', 'topology']) {
      expect(dom).toContain(`<section id="${id}"`);
    }
  });

  test('runs nothing that a host says', async () => {
    const said = injections.join('\n');
    const host = `x${injections[0]}`;
    const page = await pageOf(
      runOf([
        [
          host,
          'dom0',
          [
            {
              play: said,
              task: said,
              message: said,
              status: 'failed',
              changes: [fileChange(said, `${said}\n`, `${said}!\n`)],
              pending: [said],
            },
          ],
          { status: 'failed', error: { message: said, hint: said } },
        ],
      ]),
    );

    const { dom, console, requests } = await load(page);

    expect(dom).not.toMatch(/<script|<img|<title>canary/);
    expect(dom).toContain('&lt;script&gt;document.title="canary"&lt;/script&gt;');
    expect(console).toEqual([]);
    expect(requests).toEqual([]);
  });

  test('the test would see a request, and a script that is held back', async () => {
    const page = await pageOf(runOf([['xen1', 'dom0', [], {}]]));
    const spoilt = page.replace(
      '<main>',
      '<main><script>1</script><img src="http://127.0.0.1:9/missing.png">',
    );

    const { console } = await load(spoilt);
    expect(console.join('\n')).toContain('Content Security Policy');

    const open = spoilt.replace(/<meta http-equiv[^>]*>/, '');
    expect((await load(open)).requests).toEqual([expect.stringContaining('missing.png')]);
  });
});
