import type { StepKit } from 'xpush';

/** A text in a frame. */
function framed(text: string): string {
  const rule = '*'.repeat(text.length + 4);
  return `${rule}\n* ${text} *\n${rule}\n`;
}

export const step = ({ defineStep, query, change, refuse, described, hostPath, v }: StepKit) =>
  defineStep({
    name: 'login_banner',
    summary: 'Writes the text that sshd shows before a login.',
    on: ['dom0', 'domU', 'host'],
    params: v.strictObject({
      text: described(v.pipe(v.string(), v.nonEmpty('a text is needed')), 'What is shown.'),
      path: described(v.optional(hostPath, '/etc/issue.net'), 'The file that sshd reads.'),
    }),
    shorthand: 'text',

    queries: (_target, { path }) => ({ banner: query.file(path) }),

    plan: (_target, { text, path }, { banner }) => {
      if (banner.type === 'directory') return refuse(`${path} is a directory`);
      return { changes: change.writeFile(path, framed(text), banner, { effect: 'boot' }) };
    },
  });
