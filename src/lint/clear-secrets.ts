import { varsNode } from '../inventory/vars.ts';
import { quoted } from '../source/quoted.ts';
import type { SourceNode } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import { hasMarks } from '../template/has-marks.ts';
import type { Finding } from './finding.ts';
import { inventoryLevels, type Subject } from './subject.ts';

/** Names of what nobody is to read. */
const secretName =
  /(?:^|[_-])(?:password|passwd|passphrase|token|secret|secret_key|api_?key|access_key|private_key)$/i;

/** Names that end like one and mean something else. */
const otherNames = ['update_password'];

/** crypt(5): what was made of a password; `!` and `*` are no password at all. */
const noSecret = /^(?:\$[\w.-]+\$.*|[!*]+|[~.]{0,2}\/.*|)$/s;

const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const urlWithPassword = /:\/\/[^/\s:@]+:[^/\s:@{]+@/;

/** Passwords, tokens and keys that stand in the files as they are. */
export function clearSecrets({ nodes, inventory }: Subject): readonly Finding[] {
  const ofInventory = inventory === null ? [] : inventoryLevels(inventory).map(varsNode);
  const all = [...nodes, ...ofInventory.filter((node) => node !== null)];
  return all.filter(({ place }) => !place.source.isSecret).flatMap((node) => secretsIn(node, null));
}

function secretsIn(node: SourceNode, name: string | null): readonly Finding[] {
  switch (node.kind) {
    case 'secret':
      return [];
    case 'list':
      return node.items.flatMap((item) => secretsIn(item, null));
    case 'map':
      return [...node.entries].flatMap(([key, { value }]) => secretsIn(value, key));
    case 'scalar': {
      const { value, place } = node;
      if (typeof value === 'boolean' || value === null) return [];
      const text = String(value);
      const isNamed = name !== null && secretName.test(name) && !otherNames.includes(name);
      if (isNamed && !hasMarks(text) && !noSecret.test(text)) {
        return [finding(place, `${quoted(name)} can be read by everybody who reads this file`)];
      }
      if (privateKey.test(text)) return [finding(place, 'a private key stands here')];
      return urlWithPassword.test(text) ? [finding(place, 'an address has a password in it')] : [];
    }
  }
}

function finding(place: Place, message: string): Finding {
  const hint = 'write !secret NAME: docs/secrets.md';
  return { rule: 'clear-text-secret', severity: 'error', place, message, hint };
}
