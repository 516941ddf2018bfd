/** `killed`: its process is gone and it left no end; `unknown`: it began on another machine. */
export type RunState = 'ended' | 'running' | 'killed' | 'unknown';
