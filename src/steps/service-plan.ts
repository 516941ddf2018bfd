import type { CommandOutput } from '../host/answers.ts';
import { type Change, change } from '../host/change.ts';
import type { OutputQuery } from '../host/query.ts';
import {
  isEnabled,
  isMasked,
  type ServiceState,
  serviceName,
  serviceOutput,
} from './service-state.ts';
import { type Refusal, refuse } from './step.ts';

/** How a service is to be; undefined: as it is. */
export interface ServiceWanted {
  readonly state?: 'started' | 'stopped' | 'restarted' | 'reloaded' | undefined;
  readonly enabled?: boolean | undefined;
  readonly masked?: boolean | undefined;
  /** Of OpenRC. */
  readonly runlevel: string;
  /** Whether systemd reads files that are newer than what it knows. */
  readonly isReload: boolean;
}

/** A service with what was asked of it. */
export interface SeenService {
  readonly name: string;
  readonly query: OutputQuery;
  readonly output: CommandOutput;
  readonly state: ServiceState;
}

/** Calls that make a service so, in order; none: it is. Each says what the query answers then. */
export function planService(
  seen: SeenService,
  wanted: ServiceWanted,
): { readonly changes: readonly Change[]; readonly message: string | null } | Refusal {
  const { name, state } = seen;
  if (state.load === 'not-found') {
    return refuse(
      `there is no service ${name}`,
      `${state.manager} knows it by another name, or its package is not installed`,
    );
  }
  const isSystemd = state.manager === 'systemd';
  if (!isSystemd && wanted.masked !== undefined) {
    return refuse(
      `${state.manager} masks no services`,
      'only systemd does: "enabled: false" is for all',
    );
  }
  const staysMasked = wanted.masked ?? isMasked(state);
  const runs = wanted.state !== undefined && wanted.state !== 'stopped';
  if (staysMasked && (runs || wanted.enabled === true)) {
    return refuse(`${name} is masked: nothing can start it`, 'masked: false unmasks it');
  }
  const calls = new Calls(seen);
  if (wanted.isReload && state.needsReload) {
    const words = ['older than the files', 'read again'] as const;
    calls.call(['systemctl', 'daemon-reload'], 'live', ...words, { needsReload: false });
  }
  if (wanted.masked === false && isMasked(state)) {
    calls.call(['systemctl', 'unmask', '--', name], 'boot', 'masked', 'unmasked', {
      ...{ load: 'loaded', start: state.isEnabledBelow ? 'enabled' : 'disabled' },
      isEnabledBelow: false,
    });
  }
  const isNow = isEnabled(calls.state);
  if (wanted.enabled !== undefined && isNow !== null && isNow !== wanted.enabled && !staysMasked) {
    const argv = enabling(state, name, wanted.enabled, wanted.runlevel);
    if (argv === null)
      return refuse(`nothing here enables services: neither update-rc.d nor chkconfig`);
    const [before, after] = wanted.enabled ? ['disabled', 'enabled'] : ['enabled', 'disabled'];
    calls.call(argv, 'boot', before ?? '', after ?? '', { start: after ?? '' });
  }
  const [word, isRunning, before, after] = running(wanted.state, state.isRunning);
  if (word !== null) {
    if (state.isCrashed) {
      const words = ['crashed', 'stopped'] as const;
      calls.call(['rc-service', name, 'zap'], 'live', ...words, { isCrashed: false });
    }
    calls.call(acting(state, name, word), 'live', before, after, { isRunning });
  }
  if (wanted.masked === true && !isMasked(state)) {
    calls.call(['systemctl', 'mask', '--', name], 'boot', state.start || 'unmasked', 'masked', {
      ...{ load: 'masked', start: 'masked', isEnabledBelow: isEnabled(calls.state) === true },
    });
  }
  const message =
    wanted.enabled !== undefined && isNow === null
      ? `${name} is ${state.start}: whether it starts is not its own to say`
      : null;
  return { changes: calls.changes, message };
}

/** Calls one after the other, each with what it makes of the state. */
class Calls {
  readonly #seen: SeenService;
  readonly #changes: Change[] = [];
  #state: ServiceState;
  #output: CommandOutput;

  constructor(seen: SeenService) {
    this.#seen = seen;
    this.#state = seen.state;
    this.#output = seen.output;
  }

  get state(): ServiceState {
    return this.#state;
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  call(
    argv: readonly string[],
    effect: 'live' | 'boot',
    before: string,
    after: string,
    then: Partial<ServiceState>,
  ): void {
    const { name, query } = this.#seen;
    this.#state = { ...this.#state, ...then };
    const answer = serviceOutput(this.#state);
    this.#changes.push(
      change.call(argv, {
        effect,
        subject: `service ${name}`,
        ...{ before, after },
        predicts: [{ query, before: this.#output, answer }],
        touches: [serviceName(name)],
        timeoutSeconds: 300,
        isBrief: argv[0] === 'systemctl', // what it starts is not its own
      }),
    );
    this.#output = answer;
  }
}

/** What is done to it, whether it runs then, and both in words. */
function running(
  wanted: ServiceWanted['state'],
  isRunning: boolean,
): readonly [string | null, boolean, string, string] {
  const now = isRunning ? 'running' : 'stopped';
  switch (wanted) {
    case undefined:
      return [null, isRunning, '', ''];
    case 'started':
      return [isRunning ? null : 'start', true, now, 'running'];
    case 'stopped':
      return [isRunning ? 'stop' : null, false, now, 'stopped'];
    case 'restarted':
      return ['restart', true, now, 'restarted'];
    case 'reloaded':
      return isRunning ? ['reload', true, now, 'reloaded'] : ['start', true, now, 'running'];
  }
}

function acting({ manager }: ServiceState, name: string, word: string): readonly string[] {
  switch (manager) {
    case 'systemd':
      return ['systemctl', word, '--', name];
    case 'openrc':
      return ['rc-service', name, word];
    case 'sysv': // service(8) gives it a clean environment
      return ['service', name, word];
  }
}

function enabling(
  { manager, tool }: ServiceState,
  name: string,
  isWanted: boolean,
  runlevel: string,
): readonly string[] | null {
  switch (manager) {
    case 'systemd':
      return ['systemctl', isWanted ? 'enable' : 'disable', '--', name];
    case 'openrc':
      return ['rc-update', isWanted ? 'add' : 'del', name, runlevel];
    case 'sysv':
      if (tool === 'chkconfig') return ['chkconfig', name, isWanted ? 'on' : 'off'];
      if (tool === '') return null;
      // what has no links yet gets them by `defaults`, what is disabled by `enable`
      return isWanted
        ? ['/bin/sh', '-c', 'update-rc.d "$1" defaults && update-rc.d "$1" enable', 'sh', name]
        : ['update-rc.d', name, 'disable'];
  }
}
