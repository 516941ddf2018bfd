import { LocalAnswers } from './local-answers.ts';
import { type ConfigFiles, readConfigFiles } from './openssh-config-files.ts';
import { type ConfigQuery, Evaluation } from './openssh-evaluation.ts';
import type { OpensshSettings } from './openssh-settings.ts';

/** A user's OpenSSH client configuration, read once a run. */
export class OpensshConfig {
  readonly #files: ConfigFiles;
  readonly #localAnswers = new LocalAnswers();
  readonly #answers = new Map<string, Promise<OpensshSettings>>();

  constructor(files: ConfigFiles) {
    this.#files = files;
  }

  /** Reads the files; see `readConfigFiles`. */
  static async read(source: string | null, home: string): Promise<OpensshConfig> {
    return new OpensshConfig(await readConfigFiles(source, home));
  }

  /**
   * What the configuration says of a host. Runs the commands of `Match exec` and looks names up where the
   * configuration asks for it. Rejects with `ConnectionError` (`config`) for values that ssh would refuse.
   */
  settingsFor(query: ConfigQuery): Promise<OpensshSettings> {
    const id = JSON.stringify(query);
    const cached = this.#answers.get(id);
    if (cached !== undefined) return cached;
    const settings = new Evaluation(query, this.#files, this.#localAnswers).run();
    settings.catch(() => {});
    this.#answers.set(id, settings);
    return settings;
  }
}
