/** Whether a text has anything of a template in it; without, it stands for itself. */
export function hasMarks(text: string): boolean {
  return /\{[{%#]/.test(text);
}
