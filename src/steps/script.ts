import * as v from 'valibot';
import { asText } from '../host/look-part.ts';
import { noSecret } from '../source/schema-walk.ts';
import {
  type Command,
  commandEntries,
  commandQueries,
  planCommand,
  publicWords,
  whatItChanges,
} from './command-parameters.ts';
import { type ControllerFiles, controllerPath } from './controller-files.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep, refuse } from './step.ts';

const params = v.strictObject({
  src: described(controllerPath, 'A script of the controller, relative to the playbook.'),
  args: v.optional(
    described(v.pipe(v.array(v.string()), noSecret(publicWords)), 'Its arguments.'),
    [],
  ),
  ...commandEntries,
  executable: v.optional(
    described(hostPath, 'What runs it. Default: as its first line says, else `/bin/sh`.'),
  ),
});

type Params = v.InferOutput<typeof params>;

/** What goes over standard input of an interpreter. */
const longestScriptBytes = 65_536;

export const script = defineStep({
  name: 'script',
  summary: 'Runs a script of the controller on the host; nothing of it stays there.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'src',
  mustSay: whatItChanges,
  readOnly: ({ changes }) => changes === 'never',
  queries: (_target, given) => {
    const command = commandOf(given);
    const nothing = { ...given, changes: undefined };
    return commandQueries(command === null ? nothing : given, command ?? noCommand);
  },
  plan: (_target, given, seen) => {
    const command = commandOf(given);
    if (command !== null) return planCommand(given, command, seen);
    const { path } = given.src;
    return refuse(
      `${path} is no script of at most 64 KiB`,
      'copy it to the host, and run it there',
    );
  },
});

const noCommand: Command = { argv: ['true'], stdin: null, files: [] };

/** null: it is no text that an interpreter reads on its standard input. */
function commandOf({ src, args, executable }: Params): Command | null {
  const content = contentOf(src);
  if (content === null) return null;
  const interpreter = executable === undefined ? interpreterOf(content) : [executable];
  const [program = ''] = interpreter;
  const reads = /(?:^|\/)(?:ba|da|a|k|mk|z)?sh$/.test(program) ? ['-s', '--'] : ['-'];
  return { argv: [...interpreter, ...reads, ...args], stdin: asText(content), files: [] };
}

function contentOf({ found }: ControllerFiles): string | null {
  if (found.type !== 'file') return null;
  const { content } = found.file;
  return content === null || content.length > longestScriptBytes || content.includes('\0')
    ? null
    : content;
}

/** As its first line says: `#!/usr/bin/env python3`, `#!/bin/bash -e`. */
function interpreterOf(content: string): readonly string[] {
  const [line = ''] = content.split('\n', 1);
  const words = line.startsWith('#!') ? line.slice(2).trim().split(/\s+/) : [];
  return words.length === 0 || words[0] === '' ? ['/bin/sh'] : words;
}
