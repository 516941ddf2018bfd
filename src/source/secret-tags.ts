import type { Complaint } from './complaint.ts';
import type { SecretOrigin } from './secret.ts';
import type { SourceNode } from './source-node.ts';

/** Tags of values that are secrets. */
export const secretTags = ['!secret', '!vault'] as const;

export type SecretTag = (typeof secretTags)[number];

export function isSecretTag(tag: string | undefined): tag is SecretTag {
  return secretTags.some((known) => known === tag);
}

const LONGEST_COMMAND = 64;

/** What is written after a tag as the origin of a secret, or what is wrong with it. */
export function secretOrigin(tag: SecretTag, node: SourceNode): SecretOrigin | Complaint {
  return tag === '!vault' ? vaultText(node) : namedSecret(node);
}

const howToName =
  'write !secret NAME, !secret { env: VARIABLE } or !secret { command: [pass, show, NAME] }';

/** The value itself may have been written here by mistake: it is not repeated. */
function namedSecret(node: SourceNode): SecretOrigin | Complaint {
  if (node.kind === 'scalar') {
    const name = typeof node.value === 'string' ? node.value : '';
    if (/^[A-Za-z0-9_][\w./-]{0,127}$/.test(name)) return { kind: 'file', name };
    const message = 'after !secret comes the name of a secret: letters, digits and _ . / -';
    return { message, hint: howToName };
  }
  const [only, ...more] = node.kind === 'map' ? [...node.entries] : [];
  if (only === undefined || more.length > 0) {
    return { message: '!secret takes a name, or one of env and command', hint: howToName };
  }
  const [key, { value }] = only;
  if (key === 'env') {
    const name = value.kind === 'scalar' && typeof value.value === 'string' ? value.value : '';
    if (/^[A-Za-z_]\w{0,254}$/.test(name)) return { kind: 'environment', name };
    return { message: 'env takes the name of one environment variable', hint: howToName };
  }
  if (key === 'command') {
    const argv = textsIn(value);
    if (argv !== null && (argv[0] ?? '') !== '' && argv.length <= LONGEST_COMMAND) {
      return { kind: 'command', argv };
    }
    const message = 'command takes a list of words: a program and its arguments, no shell line';
    return { message, hint: howToName };
  }
  return { message: '!secret takes a name, or one of env and command', hint: howToName };
}

function vaultText(node: SourceNode): SecretOrigin | Complaint {
  const text = node.kind === 'scalar' && typeof node.value === 'string' ? node.value.trim() : '';
  if (text.startsWith('$ANSIBLE_VAULT;')) return { kind: 'vault', envelope: text };
  return {
    message: 'after !vault comes a text that begins with "$ANSIBLE_VAULT;"',
    hint: 'make it with: ansible-vault encrypt_string',
  };
}

function textsIn(node: SourceNode): readonly string[] | null {
  if (node.kind !== 'list') return null;
  const texts = node.items.flatMap((item) =>
    item.kind === 'scalar' && typeof item.value === 'string' && !item.value.includes('\0')
      ? [item.value]
      : [],
  );
  return texts.length === node.items.length ? texts : null;
}
