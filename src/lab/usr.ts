import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Hub, runtimeDirectory } from './hub.ts';
import { LabError } from './lab-error.ts';
import { findPackage, type PackageFiles } from './packages.ts';
import { mustRun, runCommand } from './process.ts';

/** What hosts get as /usr: the machine's own, with packages over it, or busybox and little else. */
export class UsrStore {
  readonly #hub: Hub;
  readonly #packages = new Map<string, Promise<PackageFiles>>();
  readonly #overlays = new Map<string, Promise<string>>();
  #mini: Promise<string> | null = null;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** The /usr of a mini host, seen from inside the lab; made when it is first asked for. */
  async mini(): Promise<string> {
    this.#mini ??= this.#makeMini();
    return await this.#mini;
  }

  /** The machine's /usr under the packages' files, seen from inside the lab. Throws `LabError` when one can't be had. */
  async full(packages: readonly string[]): Promise<string> {
    const found = await this.#find(packages);
    const layers = found.flatMap((files) =>
      files.kind === 'unpacked' ? [join(files.directory, 'usr')] : [],
    );
    if (layers.length === 0) return '/usr';
    const lower = [...layers, '/usr'].join(':');
    const overlay = this.#overlays.get(lower) ?? this.#makeOverlay(lower);
    this.#overlays.set(lower, overlay);
    return await overlay;
  }

  /** Puts the packages' files in /etc onto a host's disk. */
  async configure(host: string, packages: readonly string[]): Promise<void> {
    const disk = `${this.#hub.directory}/disks/hosts/${host}`;
    const copy = ['cp', '-dR', '--preserve=mode,links'] as const;
    for (const files of await this.#find(packages)) {
      if (files.kind === 'installed' && files.configFiles.length === 0) continue;
      const argv =
        files.kind === 'unpacked'
          ? ([...copy, join(files.directory, 'etc'), disk] as const)
          : ([...copy, '--parents', '--', ...files.configFiles, disk] as const);
      const { code, stderr } = await runCommand(this.#hub.inLab(argv));
      // Without root, what only root may read stays away.
      if (code !== 0 && this.#hub.privilege.kind === 'root') throw new LabError(stderr);
    }
  }

  async #find(packages: readonly string[]): Promise<readonly PackageFiles[]> {
    return await Promise.all(
      packages.map(async (name) => {
        const known = this.#packages.get(name) ?? mustFindPackage(name);
        this.#packages.set(name, known);
        return await known;
      }),
    );
  }

  async #makeOverlay(lower: string): Promise<string> {
    const name = createHash('sha256').update(lower).digest('hex').slice(0, 16);
    const path = `${this.#hub.directory}/disks/usr-${name}`;
    // After `attachLab` it may be mounted already.
    const script =
      '[ -d "$1" ] || { mkdir "$1" && mount -t overlay -o "ro,lowerdir=$2" lab-usr "$1"; }';
    await mustRun(this.#hub.inLab(['sh', '-c', script, 'sh', path, lower]));
    return path;
  }

  async #makeMini(): Promise<string> {
    const template = `${this.#hub.directory}/disks/template/mini`;
    const script = join(runtimeDirectory, 'template-mini.sh');
    await mustRun(this.#hub.inLab(['sh', script, template, ...this.#hub.onlyUser]));
    return `${template}.usr`;
  }
}

async function mustFindPackage(name: string): Promise<PackageFiles> {
  const files = await findPackage(name);
  if (files === null) throw new LabError(`the package ${name} can't be downloaded`);
  return files;
}
