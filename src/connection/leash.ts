import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends process groups and removes a directory when this process ends without having done so itself,
 * by whatever end: a small `sh` waits for the end of its standard input.
 */
export class Leash {
  readonly #child: ChildProcess;

  constructor(directory: string) {
    this.#child = spawn('/bin/sh', ['-c', script, 'sh', directory], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // An interrupt from the terminal is for this process alone.
      detached: true,
    });
    this.#child.on('error', () => {});
    this.#child.stdin?.on('error', () => {});
    this.#child.unref();
  }

  hold(pid: number): void {
    this.#child.stdin?.write(`+ ${pid}\n`);
  }

  letGo(pid: number): void {
    this.#child.stdin?.write(`- ${pid}\n`);
  }

  /** Removes the directory, too. */
  end(): void {
    this.#child.stdin?.end();
  }
}

const script = `
held=' '
while read -r sign pid; do
  case $sign in
    +) held="$held$pid " ;;
    -) case $held in *" $pid "*) held="\${held%%" $pid "*} \${held#*" $pid "}" ;; esac ;;
  esac
done
for pid in $held; do kill -TERM "-$pid" 2>/dev/null; done
rm -rf -- "$1"
`;
