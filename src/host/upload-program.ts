import type { SendFile } from './change.ts';
import type { Section, Sections } from './look-part.ts';
import { checkedPath } from './names.ts';
import { compound, nothingKnown, type Program } from './program.ts';
import { quote, quoteAll } from './quote.ts';

/** A file that is to be sent, with the id of the act that puts it in its place. */
export interface Sending {
  readonly id: string;
  readonly change: SendFile;
}

/**
 * A program that takes large files in, one after the other, for a shell that has run none yet. A
 * section `stage.ID` says whether there is a place for one; once that ended with status 0, and not
 * before, its bytes may be sent on the same input. A section `content.ID`: they are all there. It stops
 * at the first that fails. What was taken in is kept until the input ends, and so is the shell; whatever
 * else comes on the input is dropped.
 */
export function compileUpload(sendings: readonly Sending[], nonce: string): Program {
  const words = sendings.flatMap(({ id, change: { path, before, source } }) => [
    ...[id, checkedPath(path)],
    ...[before.type === 'file' ? 'file' : before.type, `${source.size}`],
  ]);
  return compound(['look.sh', 'act.sh', 'upload.sh'], nothingKnown, [
    `xp_setup ${quote(nonce)}`,
    `xp_upload ${quoteAll(words)}`,
    'exit',
  ]);
}

/** How one of the files ended. */
export type UploadResult =
  /** What its act finds it by, and the sums that the host made of it. */
  | { readonly type: 'staged'; readonly stage: string; readonly sums: string }
  /** With what the host said, bytes as latin1 text. */
  | { readonly type: 'failed'; readonly status: number; readonly output: string }
  /** The host did not come to it, or says what no program of ours says. */
  | { readonly type: 'missing' };

/** What became of a file. */
export function readUpload({ id }: Sending, nonce: string, sections: Sections): UploadResult {
  const [stage, content] = [sections.get(`stage.${id}`), sections.get(`content.${id}`)];
  const failed = [stage, content].find((section) => section !== undefined && section.status !== 0);
  if (failed !== undefined) return { type: 'failed', status: failed.status, output: failed.body };
  const name = stage === undefined ? null : stageIn(stage, nonce);
  if (name === null || content === undefined) return { type: 'missing' };
  return { type: 'staged', stage: name, sums: content.body.trim() };
}

function stageIn({ body }: Section, nonce: string): string | null {
  const [name = '', process, said] = /^([1-9]\d{0,9})-([\da-f]+)-\d{1,5}(?=\n$)/.exec(body) ?? [];
  return process !== undefined && said === nonce ? name : null;
}
