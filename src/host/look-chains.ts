import { chainsScript, parseChains } from './chains-text.ts';
import { spellWords } from './chains-words.ts';
import { asText, type LookPart, type Observation, type Sections } from './look-part.ts';
import type { QueryOf } from './query.ts';
import { quote, quoteAll } from './quote.ts';
import { sums } from './sums.ts';

/** Chains of iptables. */
export const lookChains: LookPart = {
  runtime: 'chains.sh',
  lines: (asked) =>
    asked('chains').flatMap((one, index) => [
      `xp_section chains${index} xp_print_chains ${one.family} ${quote(chainsScript(one.chains))}`,
      ...(one.wanted.size === 0
        ? []
        : [`xp_spell_chains chains${index}.spelled ${quoteAll(spellWords(one))}`]),
    ]),
  read: (asked, sections) =>
    asked('chains').map((one, index) => [one, observeChains(one, index, sections)]),
};

function observeChains(asked: QueryOf<'chains'>, index: number, sections: Sections): Observation {
  const section = sections.get(`chains${index}`);
  if (section?.status !== 0) return { failure: 'the chains of the firewall could not be listed' };
  const spelled = sections.get(`chains${index}.spelled`);
  return {
    answer: parseChains(
      asText(section.body),
      spelled === undefined ? null : asText(spelled.body),
      asked,
      sums(section.body),
    ),
  };
}
