import { contentLimit, type FileState } from '../host/query.ts';
import { type Refusal, refuse } from './step.ts';

/** The bytes of a file that is edited (null: there is none), or why it cannot be. */
export function editable(
  path: string,
  file: FileState,
): { readonly text: string | null } | Refusal {
  switch (file.type) {
    case 'absent':
      return { text: null };
    case 'file':
      return file.content === null
        ? refuse(`${path} is larger than ${contentLimit / 1024} KiB`)
        : { text: file.content };
    case 'directory':
      return refuse(`${path} is a directory`);
    case 'special':
      return refuse(`${path} is no regular file`);
    case 'unreadable':
      return refuse(`${path} cannot be read`, 'log in as root');
  }
}
