import type { Data } from '../source/data.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { ScalarNode, SourceNode } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import type { Expression, Template } from '../template/template.ts';
import type { Within } from './blocks.ts';

/** Something that is done at the end of a play, once, if a task before notified it. */
export interface Handler {
  readonly name: string;
  /** Other names that it is notified by. */
  readonly topics: readonly string[];
}

/** Variables of one level, by name; texts among them may be templates. */
export type Variables = Readonly<Record<string, Data>>;

/** What is done again for each of several items. */
export interface Loop {
  /** A list, or a template that comes to one. */
  readonly items: SourceNode;
  /** The name that an item goes by; `item` unless said otherwise. */
  readonly variable: string;
  /** The name of its place, from 0; null: nobody asks. */
  readonly indexVariable: string | null;
  /** How an item is called; null: as it reads. */
  readonly label: Template | null;
}

/** Done again until it is so. */
export interface Until {
  readonly conditions: readonly Expression[];
  /** How often at most, after the first time. */
  readonly retries: number;
  readonly delaySeconds: number;
}

/** Parameters whose values depend on the host. */
export interface Written {
  readonly node: SourceNode;
  /** Where the step is named. */
  readonly key: Place;
  /** Those whose texts are expressions. */
  readonly expressions: readonly string[];
  /** Looks up the files of the controller that they name; gives what is wrong with these. */
  readonly lookUp: (params: unknown, node: SourceNode) => readonly Diagnostic[];
}

/** What a task says beyond its step, its parameters and its name. */
export interface Keywords {
  /** Its name as it is written, and its step. */
  readonly called: { readonly name: string; readonly action: string };
  /** Its name where that holds templates; null: it does not. */
  readonly title: Template | null;
  /** Its parameters where they hold templates; null: they are known since the playbook was read. */
  readonly written: Written | null;
  /** All of these must hold; none: it is always done. */
  readonly when: readonly Expression[];
  readonly loop: Loop | null;
  readonly register: string | null;
  readonly notify: readonly Handler[];
  /** The handler that it is; null: it is none. */
  readonly handler: Handler | null;
  readonly within: Within;
  /** What roles fall back to, below all other levels. */
  readonly defaults: readonly Variables[];
  /** Of the play, its roles, blocks and the task itself, each over those before. */
  readonly vars: readonly Variables[];
  /** Of the command line, over all others. */
  readonly extraVars: Variables;
  readonly ignoresErrors: boolean;
  /** Whether it changed something, instead of what it did itself; null: nothing is said. */
  readonly changedWhen: readonly Expression[] | null;
  readonly failedWhen: readonly Expression[] | null;
  readonly until: Until | null;
  /** It is for root, or whom the inventory says. */
  readonly becomes: boolean;
  /** Whom its commands run as; null: whom the host's programs run as. */
  readonly becomeUser: ScalarNode | null;
  /** For its commands. */
  readonly environment: SourceNode | null;
  /** How long each of its commands may take; null: as long as they like. */
  readonly timeoutSeconds: number | null;
  /** Nothing of it is shown. */
  readonly isSilent: boolean;
  readonly showsDiff: boolean;
  /** It is only planned, in an apply too. */
  readonly isCheckOnly: boolean;
  readonly tags: readonly string[];
  /** One host does it for all hosts of the play. */
  readonly isOnce: boolean;
  /** The host that does it in place of its own, by name or by a template; null: its own. */
  readonly delegate: ScalarNode | null;
}

/** A task that says nothing more. */
export const noKeywords: Keywords = {
  called: { name: '', action: '' },
  title: null,
  written: null,
  when: [],
  loop: null,
  register: null,
  notify: [],
  handler: null,
  within: [],
  defaults: [],
  vars: [],
  extraVars: {},
  ignoresErrors: false,
  changedWhen: null,
  failedWhen: null,
  until: null,
  becomes: false,
  becomeUser: null,
  environment: null,
  timeoutSeconds: null,
  isSilent: false,
  showsDiff: true,
  isCheckOnly: false,
  tags: [],
  isOnce: false,
  delegate: null,
};
