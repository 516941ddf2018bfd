export type { RunEvent } from './engine/events.ts';
