import { type CommandOutput, query } from '../host/query.ts';

/** Sums that hosts have a command for, by Ansible's names. */
export const checksumKinds = ['sha256', 'sha512', 'sha384', 'sha224', 'sha1', 'md5'] as const;

export type ChecksumKind = (typeof checksumKinds)[number];

/** The sum of a file on the host; a link is followed. Status 3: there is no such regular file. */
export function checksumQuery(path: string, kind: ChecksumKind = 'sha256') {
  const line = `[ -f "$1" ] || exit 3; exec ${kind}sum <"$1"`;
  return query.output(['/bin/sh', '-c', line, 'sum', path], {
    ...{ readsOnly: [path], timeoutSeconds: 300, limitBytes: 4096 },
    isBrief: true,
  });
}

/** What it says; null: there is no such file, or the host can't tell. */
export function checksumIn({ status, stdout }: CommandOutput): string | null {
  return status === 0 ? (/^([\da-f]{32,128})\s/.exec(stdout)?.[1] ?? null) : null;
}

/** The answer once the file has this sum. */
export function checksumAnswer(sum: string): CommandOutput {
  return { status: 0, stdout: `${sum}  -\n`, stderr: '', isCut: false, isTimedOut: false };
}
