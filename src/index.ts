/**
 * xpush as a library: load an inventory and playbooks, run them, and watch the events.
 *
 *     const inventory = await loadInventory({ argument: 'inventory.yaml' });
 *     const { plays } = planHosts(loadPlaybooks(['site.yaml']).flatMap((book) => book.plays), inventory, null);
 *     const exit = await run({ inventory, plays, transport: createTransport(), ... });
 */
export {
  type Connection,
  ConnectionError,
  type ConnectionFailure,
  createSsh2Transport,
  createTransport,
  type Endpoint,
  type Exec,
  type Outcome,
  type RunTransport,
  type Ssh2Transport,
  type Ssh2TransportOptions,
  type Transport,
  type TransportName,
  type TransportOptions,
} from './connection/index.ts';
export { endpointOf, type SshOverrides } from './engine/endpoint.ts';
export type * from './engine/events.ts';
export { type HostedPlays, planHosts } from './engine/plays.ts';
export { run } from './engine/run.ts';
export type { RunRequest } from './engine/run-request.ts';
export type { Change } from './host/change.ts';
export type { Answers, Query } from './host/query.ts';
export type { RunIdentity } from './host/run-identity.ts';
export { type InventoryInput, loadInventory } from './inventory/load-inventory.ts';
export type * from './inventory/model.ts';
export { loadPlaybooks } from './playbook/load-playbook.ts';
export type { Play, Playbook, Task } from './playbook/model.ts';
export { ConfigError, type Diagnostic } from './source/diagnostic.ts';
export { formatDiagnostic } from './source/format-diagnostic.ts';
export type { Plan, Refusal, Step, Target } from './steps/step.ts';
export type { StepKit } from './steps/step-kit.ts';
