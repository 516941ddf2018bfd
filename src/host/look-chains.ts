import { chainsScript, parseChains } from './chains-text.ts';
import { asText, type LookPart, type Observation, type Section } from './look-part.ts';
import { quote } from './quote.ts';
import { sums } from './sums.ts';

/** Chains of iptables. */
export const lookChains: LookPart = {
  runtime: null,
  lines: (asked) =>
    asked('chains').map(
      ({ family, chains }, index) =>
        `xp_section chains${index} xp_list_chains ${family} ${quote(chainsScript(chains))}`,
    ),
  read: (asked, sections) =>
    asked('chains').map((one, index) => [
      one,
      observeChains(one.chains, sections.get(`chains${index}`)),
    ]),
};

function observeChains(listed: readonly string[], section: Section | undefined): Observation {
  if (section?.status !== 0) return { failure: 'the chains of the firewall could not be listed' };
  const parsed = parseChains(asText(section.body), listed, sums(section.body));
  return 'state' in parsed ? { answer: parsed.state } : parsed;
}
