import { type Change, change } from '../host/change.ts';
import { type FileState, query } from '../host/query.ts';
import { ownHeader, textOf } from '../xen/whole-file.ts';

const directory = '/etc/cloud/cloud.cfg.d';
const path = `${directory}/99-disable-network-config.cfg`;

/** Where cloud-init is told to leave the network alone, as the files that it writes say themselves. */
export const cloudInitQueries = {
  cloud: query.file(directory),
  cloudNetwork: query.file(path),
} as const;

export interface SeenCloudInit {
  readonly cloud: FileState;
  readonly cloudNetwork: FileState;
}

/** Keeps cloud-init from writing these files again, where it wrote one of them. */
export function quietCloudInit(
  edited: readonly { readonly path: string; readonly file: FileState }[],
  { cloud, cloudNetwork }: SeenCloudInit,
): { readonly changes: readonly Change[]; readonly remarks: readonly string[] } {
  const written = edited.find(({ path: name, file }) =>
    /cloud-init|^#.*\bgenerated from information provided by\b/m.test(`${name}\n${textOf(file)}`),
  );
  if (written === undefined || cloud.type !== 'directory' || cloudNetwork.type === 'file') {
    return { changes: [], remarks: [] };
  }
  const content = `${ownHeader}network: {config: disabled}\n`;
  return {
    changes: change.writeFile(path, content, cloudNetwork, { effect: 'boot' }),
    remarks: [`cloud-init no longer writes ${written.path}`],
  };
}
