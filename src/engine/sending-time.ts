import type { Program } from '../host/program.ts';

/** A program on its way over a slow link gets as much more time. */
const slowestBytesPerMs = 4;

/** What a program takes on its way over a slow link, in milliseconds. */
export function sendingMs({ text }: Program): number {
  return text.length / slowestBytesPerMs;
}
