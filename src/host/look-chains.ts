import { filterSaved } from './chains-saved.ts';
import { chainsScript, parseChains } from './chains-text.ts';
import { spellWords } from './chains-words.ts';
import { asText, type LookPart, type Observation, type Sections } from './look-part.ts';
import type { QueryOf } from './query.ts';
import { quote, quoteAll } from './quote.ts';

/** Chains of iptables. */
export const lookChains: LookPart = {
  runtime: ['chains.sh'],
  lines: (asked) => {
    const families = new Set(asked('chains').map(({ family }) => family));
    let last = '';
    const looks = asked('chains').flatMap((one, index) => {
      const script = chainsScript(one.chains);
      const set = script === last ? [] : [`XP_CUT=${quote(script)}`];
      last = script;
      return [
        ...set,
        `xp_look_chains chains${index} ${one.family} "$XP_CUT"`,
        ...(one.wanted.size === 0
          ? []
          : [
              `xp_spell_chains chains${index}.spelled ${one.family} "$XP_CUT" ${quoteAll(spellWords(one))}`,
            ]),
      ];
    });
    return [...[...families].map((family) => `xp_keep_saved ${family}`), ...looks];
  },
  read: (asked, sections) =>
    asked('chains').map((one, index) => [one, observeChains(one, index, sections)]),
};

function observeChains(asked: QueryOf<'chains'>, index: number, sections: Sections): Observation {
  const body = listed(asked, index, sections);
  if (body === null) return { failure: 'the chains of the firewall could not be listed' };
  const spelled = sections.get(`chains${index}.spelled`);
  return {
    answer: parseChains(
      asText(body),
      spelled === undefined ? null : asText(spelled.body),
      asked,
      body,
    ),
  };
}

/** What `xp_print_chains` prints, cut by the host or here. */
function listed(
  { family, chains }: QueryOf<'chains'>,
  index: number,
  sections: Sections,
): string | null {
  const saved = sections.get(`saved${family}`);
  if (saved !== undefined) return filterSaved(saved.body, chains);
  return sections.get(`chains${index}`)?.body ?? null;
}
