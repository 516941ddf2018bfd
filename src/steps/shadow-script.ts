import { createHash } from 'node:crypto';
import type { CommandOutput } from '../host/answers.ts';
import { askScript, linesOf, printing, valuesIn } from './host-script.ts';

/** What shadow(5) has of a user; no hash of a password leaves the host. */
export interface ShadowState {
  /** `none`: there is no such file. `unreadable`: only root may read it. `missing`: no line of the user's. */
  readonly file: 'found' | 'none' | 'unreadable' | 'missing';
  /** SHA-256 of the field without the `!` of a lock; null: the host can't tell. */
  readonly digest: string | null;
  readonly isLocked: boolean;
  /** Days since 1970; null: never. */
  readonly expires: number | null;
}

const script = String.raw`
name=$1
if ! [ -e /etc/shadow ]; then
  echo Shadow=none
elif ! [ -r /etc/shadow ]; then
  echo Shadow=unreadable
else
  found=missing
  while IFS=: read -r user password changed min max warn inactive expires rest; do
    [ "$user" = "$name" ] || continue
    found=found
    case $password in
    '!'*) echo Locked=yes ;;
    *) echo Locked=no ;;
    esac
    digest=$(printf %s "$password" | sed '1s/^!//' | tr -d '\n' | sha256sum 2>/dev/null)
    echo "Digest=$digest"
    echo "Expires=$expires"
    break
  done </etc/shadow
  echo "Shadow=$found"
fi
`;

/** What steps that change this of a user agree on to call it: others keep theirs. */
export function shadowName(name: string): string {
  return `shadow:${name}`;
}

/** One query for a user. */
export function askShadow(name: string) {
  return askScript(script, [name], {
    timeoutSeconds: 30,
    readsOnly: [shadowName(name), '/etc/shadow'],
  });
}

/** What the script printed; null: not all of it. */
export function shadowState(output: CommandOutput): ShadowState | null {
  const values = valuesIn(linesOf(output) ?? []);
  const file = (['found', 'none', 'unreadable', 'missing'] as const).find(
    (one) => one === values.get('Shadow'),
  );
  if (file === undefined) return null;
  const expires = /^\d{1,9}$/.exec(values.get('Expires') ?? '')?.[0];
  return {
    file,
    digest: /^[\da-f]{64}(?=\s|$)/.exec(values.get('Digest') ?? '')?.[0] ?? null,
    isLocked: values.get('Locked') === 'yes',
    expires: expires === undefined ? null : Number(expires),
  };
}

/** What the script prints of this. */
export function shadowOutput({ file, digest, isLocked, expires }: ShadowState): CommandOutput {
  const lines =
    file === 'found'
      ? [`Locked=${isLocked ? 'yes' : 'no'}`, `Digest=${digest ?? ''}`, `Expires=${expires ?? ''}`]
      : [];
  return printing([...lines, `Shadow=${file}`].map((line) => `${line}\n`).join(''));
}

/** What the host would say of this field of shadow(5). */
export function shadowDigest(field: string): string {
  return createHash('sha256').update(field.replace(/^!/, '')).digest('hex');
}
