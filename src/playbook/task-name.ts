import type { Target } from '../steps/step.ts';
import { type Keywords, noKeywords } from './keywords.ts';
import type { Knowledge } from './knowledge.ts';
import type { Task } from './model.ts';
import { scopeOf } from './scope-of.ts';

const longest = 200;

/** How a task is called on a host: what its name comes to by what is known, else as it is written. */
export function taskName(
  { name, keywords = noKeywords }: Pick<Task, 'name'> & { readonly keywords?: Keywords },
  subject: Target,
  known: Knowledge,
): string {
  const { title } = keywords;
  if (title === null) return name;
  const found = scopeOf(keywords, subject, known).render(title);
  if (found.type !== 'value') return name;
  const { value } = found;
  const isText = typeof value === 'string' || typeof value === 'number';
  const text = isText ? String(value).replaceAll(/\s+/g, ' ').trim() : '';
  if (text === '') return name;
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
