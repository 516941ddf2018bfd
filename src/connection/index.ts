export type { Contact, Observe } from './contact.ts';
export {
  createTransport,
  type RunTransport,
  type TransportOptions,
} from './create-transport.ts';
export { knownHostsName } from './known-hosts.ts';
export { type HostKeyLines, knownHostsLine } from './known-hosts-edit.ts';
export { pinHostKeys } from './pin-host-keys.ts';
export { fingerprint, formatPublicKey } from './public-key.ts';
export { legacyAlgorithms } from './ssh2-algorithms.ts';
export {
  createSsh2Transport,
  type Ssh2Transport,
  type Ssh2TransportOptions,
} from './ssh2-transport.ts';
export {
  type Connection,
  ConnectionError,
  type ConnectionFailure,
  type Endpoint,
  type Exec,
  type Outcome,
  type Transport,
  type TransportName,
} from './transport.ts';
