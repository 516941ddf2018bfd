import type { CommandOutput } from '../host/answers.ts';
import { askScript, linesOf, printing, valuesIn } from './host-script.ts';

/** What runs the services of a host. */
export type ServiceManager = 'systemd' | 'openrc' | 'sysv';

/** A service as its host tells of it. */
export interface ServiceState {
  readonly manager: ServiceManager;
  /** `LoadState` of systemd (systemctl(1)): `loaded`, `not-found`, `masked`, `bad-setting`, ... */
  readonly load: string;
  readonly isRunning: boolean;
  /** Whether its process is gone while OpenRC takes it for started: it would not start it. */
  readonly isCrashed: boolean;
  /** `UnitFileState` of systemd: `enabled`, `disabled`, `static`, `masked`, ...; empty: it is not told. */
  readonly start: string;
  /** Of one that is masked: whether it is enabled once it is that no more. */
  readonly isEnabledBelow: boolean;
  /** Whether its files are newer than what systemd has loaded. */
  readonly needsReload: boolean;
  /** What starts and stops services at boot, of `sysv`. */
  readonly tool: 'update-rc.d' | 'chkconfig' | '';
}

/**
 * Prints what there is to a service, in the words of `systemctl show`, whatever the init system is. Its own
 * `status` tells whether a service of OpenRC or sysv runs, which LSB wants to be 0 for; 32 is OpenRC's for one that crashed.
 */
const script = String.raw`
name=$1 runlevel=$2
has() { command -v "$1" >/dev/null 2>&1; }
files() {
  for file in "$@"; do
    if [ -e "$file" ] || [ -L "$file" ]; then return; fi
  done
  return 1
}
if [ -d /run/systemd/system ] && has systemctl; then
  echo Manager=systemd
  case $name in
  *.socket | *.timer | *.path | *.mount | *.automount | *.swap | *.target | *.slice | *.scope | *.device) ;;
  *) name=$name.service ;;
  esac
  shown=$(systemctl show -p LoadState -p ActiveState -p UnitFileState -p NeedDaemonReload -- "$name") || exit
  printf '%s\n' "$shown"
  case $shown in
  *UnitFileState=masked*)
    if files /etc/systemd/system/*.wants/"$name" /etc/systemd/system/*.requires/"$name"; then echo Unmasked=enabled; fi
    ;;
  *UnitFileState=generated* | *UnitFileState=bad*) echo "Enabled=$(systemctl is-enabled -- "$name" 2>/dev/null | tail -n 1)" ;;
  esac
elif has rc-service && [ -d /etc/runlevels ]; then
  echo Manager=openrc
  if [ -e "/etc/init.d/$name" ] || rc-service -e "$name" 2>/dev/null; then
    echo LoadState=loaded
    rc-service "$name" status </dev/null >/dev/null 2>&1
    case $? in 0) echo ActiveState=active ;; 32) echo ActiveState=failed ;; *) echo ActiveState=inactive ;; esac
    if files "/etc/runlevels/$runlevel/$name"; then echo UnitFileState=enabled; else echo UnitFileState=disabled; fi
  else
    echo LoadState=not-found
  fi
else
  echo Manager=sysv
  if has update-rc.d; then echo Tool=update-rc.d; elif has chkconfig; then echo Tool=chkconfig; fi
  for directory in /etc/init.d /etc/rc.d/init.d; do
    if [ -x "$directory/$name" ]; then
      echo LoadState=loaded
      if "$directory/$name" status </dev/null >/dev/null 2>&1; then echo ActiveState=active; else echo ActiveState=inactive; fi
      if files /etc/rc[2345].d/S[0-9][0-9]"$name" /etc/rc.d/rc[2345].d/S[0-9][0-9]"$name"; then
        echo UnitFileState=enabled
      else
        echo UnitFileState=disabled
      fi
      exit 0
    fi
  done
  echo LoadState=not-found
fi
exit 0
`;

/** What steps that change a service agree on to call it. */
export function serviceName(name: string): string {
  return `service:${name.replace(/\.service$/, '')}`;
}

/** Where the files of a service are, for each init system; those of a template are those of its instances. */
function filesOf(name: string): readonly string[] {
  const unit = isOtherUnit(name) ? name : `${name.replace(/\.service$/, '')}.service`;
  const units = [...new Set([unit, unit.replace(/@[^@]*(?=\.)/, '@')])];
  const directories = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'];
  return [
    ...directories.flatMap((directory) =>
      units.flatMap((one) => ['', '.d'].map((end) => `${directory}/systemd/system/${one}${end}`)),
    ),
    ...['/etc/init.d', '/etc/rc.d/init.d'].map((directory) => `${directory}/${name}`),
  ];
}

function isOtherUnit(name: string): boolean {
  return /\.(socket|timer|path|mount|automount|swap|target|slice|scope|device)$/.test(name);
}

/** One query for a service; with `.service` at its end it is the same. */
export function askService(name: string, runlevel = 'default') {
  return askScript(script, [name.replace(/\.service$/, ''), runlevel], {
    timeoutSeconds: 60,
    readsOnly: [serviceName(name), ...filesOf(name)],
  });
}

/** What the script printed; null: not all of it. */
export function serviceState(output: CommandOutput): ServiceState | null {
  const values = valuesIn(linesOf(output) ?? []);
  const manager = (['systemd', 'openrc', 'sysv'] as const).find(
    (one) => one === values.get('Manager'),
  );
  const load = values.get('LoadState');
  if (manager === undefined || load === undefined) return null;
  const tool = values.get('Tool');
  return {
    manager,
    load,
    isRunning: ['active', 'activating', 'reloading', 'refreshing'].includes(
      values.get('ActiveState') ?? '',
    ),
    isCrashed: manager === 'openrc' && values.get('ActiveState') === 'failed',
    start: values.get('Enabled') ?? values.get('UnitFileState') ?? '',
    isEnabledBelow: values.get('Unmasked') === 'enabled',
    needsReload: values.get('NeedDaemonReload') === 'yes',
    tool: tool === 'update-rc.d' || tool === 'chkconfig' ? tool : '',
  };
}

/** What the script prints of a service in this state. */
export function serviceOutput(state: ServiceState): CommandOutput {
  const lines = [
    `Manager=${state.manager}`,
    ...(state.tool === '' ? [] : [`Tool=${state.tool}`]),
    `LoadState=${state.load}`,
    `ActiveState=${state.isRunning ? 'active' : state.isCrashed ? 'failed' : 'inactive'}`,
    `UnitFileState=${state.start}`,
    ...(state.isEnabledBelow ? ['Unmasked=enabled'] : []),
    `NeedDaemonReload=${state.needsReload ? 'yes' : 'no'}`,
  ];
  return printing(lines.map((line) => `${line}\n`).join(''));
}

/** Whether it comes by itself at boot; null: others decide that (`static`, `indirect`, ...). */
export function isEnabled({ start }: ServiceState): boolean | null {
  if (/^enabled(-runtime)?$/.test(start)) return true;
  return /^(static|indirect|alias|generated|transient|linked(-runtime)?)$/.test(start)
    ? null
    : false;
}

/** Whether nothing can start it. */
export function isMasked({ load, start }: ServiceState): boolean {
  return load === 'masked' || /^masked(-runtime)?$/.test(start);
}
