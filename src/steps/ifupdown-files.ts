import { basename, dirname } from 'node:path/posix';
import { type Change, change } from '../host/change.ts';
import { type DirectoryState, type FileState, type NetworkFacts, query } from '../host/query.ts';
import type { DomU } from '../inventory/model.ts';
import type { FormerVif } from '../xen/former-vif.ts';
import { interfacesFiles, interfacesPath, withoutPolicyRouting } from '../xen/interfaces-file.ts';
import { includedIn } from '../xen/interfaces-includes.ts';
import { textOf } from '../xen/whole-file.ts';
import { editable } from './editable.ts';
import type { Refusal } from './step.ts';

const includedDirectory = `${dirname(interfacesPath)}/interfaces.d`;

/** What ifupdown reads: its file, and the directory that Debian's takes in. */
export const ifupdownQueries = {
  interfaces: query.file(interfacesPath),
  interfacesDirectory: query.file(dirname(interfacesPath)),
  included: query.directory(includedDirectory, ''),
} as const;

export interface SeenIfupdown {
  readonly interfaces: FileState;
  readonly interfacesDirectory: FileState;
  readonly included: DirectoryState;
}

export interface IfupdownEdits {
  readonly changes: readonly Change[];
  /** Those that change. */
  readonly edited: readonly { readonly path: string; readonly file: FileState }[];
  /** Sentences about what is taken in and not seen. */
  readonly remarks: readonly string[];
}

/** The guest's stanzas, wherever they are, and none of vifs that left. */
export function ifupdownEdits(
  host: DomU,
  former: readonly FormerVif[],
  seen: SeenIfupdown & { readonly network: Pick<NetworkFacts, 'present'> },
): IfupdownEdits | Refusal {
  // no distribution has both networkd and an ifupdown before 0.7
  const mayRepeat = seen.network.present.includes('networkd');
  return edited(seen, (texts) => interfacesFiles(texts, host, former, mayRepeat));
}

/** The stanzas without policy routing of ours. */
export function withoutPolicyEdits(seen: SeenIfupdown): IfupdownEdits | Refusal {
  if (seen.interfaces.type === 'absent') return { changes: [], edited: [], remarks: [] };
  return edited(
    seen,
    (texts) =>
      new Map(
        [...texts].map(([path, text]) => [path, withoutPolicyRouting(text, [...texts.values()])]),
      ),
  );
}

function edited(
  { interfaces, interfacesDirectory, included }: SeenIfupdown,
  edit: (texts: ReadonlyMap<string, string>) => ReadonlyMap<string, string>,
): IfupdownEdits | Refusal {
  const main = editable(interfacesPath, interfaces);
  if ('refusal' in main) return main;
  const files = new Map([[interfacesPath, interfaces]]);
  const remarks: string[] = [];
  for (const each of includedIn(main.text ?? '')) {
    const directory = each.kind === 'file' ? dirname(each.path) : each.path;
    if (directory !== includedDirectory) {
      remarks.push(`${each.path} is taken in by ${interfacesPath} and not seen`);
      continue;
    }
    for (const [path, file] of included.files) {
      const isIt = each.kind === 'file' ? path === each.path : each.matches(basename(path));
      if (isIt && textOf(file) !== null) files.set(path, file);
    }
  }
  const before = new Map([...files].map(([path, file]) => [path, textOf(file) ?? '']));
  const after = edit(before);
  const changed = [...files]
    .map(([path, file]) => ({ path, file, text: after.get(path) ?? '' }))
    .filter(({ path, text }) => text !== before.get(path));
  return {
    changes: changed.flatMap(({ path, file, text }) => [
      ...(file.type === 'absent' ? change.makeDirectory(dirname(path), interfacesDirectory) : []),
      ...change.writeFile(path, text, file, { effect: 'boot' }),
    ]),
    edited: changed.map(({ path, file }) => ({ path, file })),
    remarks,
  };
}
