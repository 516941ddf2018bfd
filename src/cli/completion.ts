import * as v from 'valibot';
import { defineCommand, oneOf } from './command.ts';

const schema = v.object({ shell: oneOf(['bash', 'zsh', 'fish']) });

/** What `xpush completion` is given. */
export type CompletionOptions = v.InferOutput<typeof schema>;

export const completion = defineCommand({
  usage: 'completion <shell>',
  summary: 'Print what has a shell complete xpush: commands, options, hosts, groups, tags, steps',
  positionals: { shell: { describe: 'bash, zsh or fish', type: 'string' } },
  options: {},
  examples: [
    ['eval "$(xpush completion bash)"', 'in ~/.bashrc'],
    ['xpush completion zsh > ~/.zfunc/_xpush', 'for zsh, in a directory of its fpath'],
    ['xpush completion fish > ~/.config/fish/completions/xpush.fish', 'for fish'],
  ],
  schema,

  run: async ({ shell }) => {
    const { completionScripts } = await import('./completion-scripts.ts');
    process.stdout.write(completionScripts[shell]);
    return 0;
  },
});
