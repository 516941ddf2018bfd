/** A command with its schedule. */
export interface TimerSpec {
  readonly name: string;
  readonly description: string;
  /** The words of the command, as they are executed. */
  readonly argv: readonly string[];
  readonly user: string | null;
  readonly directory: string | null;
  readonly environment: Readonly<Record<string, string>>;
  /** Expressions of systemd.time(7). */
  readonly onCalendar: readonly string[];
  /** Spans of time since the boot, and since its last run. */
  readonly onBoot: string | null;
  readonly onUnitActive: string | null;
  readonly randomizedDelay: string | null;
  /** Whether a run that was missed is made up for. */
  readonly isPersistent: boolean;
}

/** The file of its service (systemd.service(5)). */
export function timerServiceFile(spec: TimerSpec): string {
  const { description, argv, user, directory, environment } = spec;
  return [
    ...['# Written by xpush.', '[Unit]', `Description=${escaped(description)}`],
    ...['[Service]', 'Type=oneshot'],
    ...(user === null ? [] : [`User=${user}`]),
    ...(directory === null ? [] : [`WorkingDirectory=${escaped(directory)}`]),
    ...Object.entries(environment).map(
      ([name, value]) => `Environment=${quoted(`${name}=${value}`)}`,
    ),
    // what is quoted twice here: `$` is a variable in commands only
    `ExecStart=${argv.map((word) => quoted(word).replaceAll('$', '$$$$')).join(' ')}`,
    '',
  ].join('\n');
}

/** The file of the timer (systemd.timer(5)). */
export function timerFile(spec: TimerSpec): string {
  const { description, onCalendar, onBoot, onUnitActive, randomizedDelay, isPersistent } = spec;
  return [
    ...['# Written by xpush.', '[Unit]', `Description=${escaped(description)}`],
    '[Timer]',
    ...onCalendar.map((when) => `OnCalendar=${when}`),
    ...(onBoot === null ? [] : [`OnBootSec=${onBoot}`]),
    ...(onUnitActive === null ? [] : [`OnUnitActiveSec=${onUnitActive}`]),
    ...(randomizedDelay === null ? [] : [`RandomizedDelaySec=${randomizedDelay}`]),
    ...(isPersistent && onCalendar.length > 0 ? ['Persistent=true'] : []),
    ...['[Install]', 'WantedBy=timers.target', ''],
  ].join('\n');
}

/** `%` begins a specifier (systemd.unit(5)). */
function escaped(text: string): string {
  return text.replaceAll('%', '%%');
}

/** A word in quotes, as systemd.syntax(7) has them. */
function quoted(word: string): string {
  const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t' };
  const inside = escaped(word).replace(/[\\"\n\t]/g, (one) => escapes[one] ?? `\\${one}`);
  return `"${inside}"`;
}
