import { escapeControls } from '../source/escape-controls.ts';

/** Text from a host as it may stand in a row: printable, and without line breaks. */
export function oneLine(text: string): string {
  return escapeControls(text).replace(/[\t\n]+/g, ' ');
}
