const DEADLY = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

export interface TerminalUser {
  /** Puts the terminal back, at once: the process is about to end or to be stopped. */
  leave(): void;
  /** The process runs on after it was stopped (Ctrl-Z). */
  comeBack(): void;
}

/**
 * Has the terminal put back however the process ends: by itself, by an exception, by a signal.
 * A signal that somebody else handles is left to them. Returns what ends the guard.
 */
export function guardTerminal({ leave, comeBack }: TerminalUser): () => void {
  const onDeath = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return;
    release();
    leave();
    process.kill(process.pid, signal);
  };
  const onStop = (): void => {
    leave();
    process.kill(process.pid, 'SIGSTOP');
  };

  process.on('exit', leave);
  process.on('SIGTSTP', onStop);
  process.on('SIGCONT', comeBack);
  for (const signal of DEADLY) process.on(signal, onDeath);

  function release(): void {
    process.off('exit', leave);
    process.off('SIGTSTP', onStop);
    process.off('SIGCONT', comeBack);
    for (const signal of DEADLY) process.off(signal, onDeath);
  }

  return release;
}
