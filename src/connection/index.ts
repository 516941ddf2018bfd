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
} from './transport.ts';
