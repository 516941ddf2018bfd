import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { described } from './described.ts';

/** A parameter for a command that must find a content right before it is put in place. */
export const validate = v.optional(
  described(
    v.pipe(
      v.string(),
      v.regex(
        /^[^\0\n]*%s[^\0\n]*$/,
        'a line with %s for the file is needed\nsuch as "visudo -cf %s"',
      ),
    ),
    'A line of `/bin/sh` that must succeed before the file is put in place; `%s` is a file with the new content.',
  ),
);

const script = `umask 077
line=$1
room=$(mktemp -d) || exit
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$room/new" || exit
while case $line in *%s*) ;; *) false ;; esac; do
  line=\${line%%%s*}$room/new\${line#*%s}
done
/bin/sh -c "$line" </dev/null`;

interface Wanted {
  readonly validate?: string | undefined;
  /** Whether the content holds a secret. Default: false. */
  readonly isSecret?: boolean | undefined;
}

/**
 * The command is asked about a content (bytes as latin1 text): where it fails, nothing behind it is done.
 * Throws for bytes that are no text.
 */
export function validation(
  path: string,
  content: string,
  { validate: line = '', isSecret = false }: Wanted,
): Change {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(content, 'latin1'));
  return change.call(['/bin/sh', '-c', script, 'validate', line], {
    ...{ effect: 'live', subject: `${path}: ${line}`, before: 'not asked', after: 'right' },
    ...{ predicts: [], touches: [], stdin: isSecret ? { reveal: () => text } : text },
  });
}

/** Whether the bytes are a text that `validation` takes. */
export function canValidate(content: string): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(content, 'latin1'));
    return true;
  } catch {
    return false;
  }
}
