import type { KeptNode } from '../source/kept-yaml.ts';

/** An inventory of Ansible's, however it was written. */
export interface AnsibleInventory {
  readonly hosts: ReadonlyMap<string, AnsibleHost>;
  readonly groups: ReadonlyMap<string, AnsibleGroup>;
  /** What could not be read: sentences. */
  readonly said: readonly string[];
}

export interface AnsibleHost {
  readonly name: string;
  readonly vars: Vars;
  /** Lines of comment above it. */
  readonly comments: readonly string[];
}

export interface AnsibleGroup {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly children: readonly string[];
  readonly vars: Vars;
  readonly comments: readonly string[];
}

export type Vars = ReadonlyMap<string, KeptNode>;

/** Collects hosts and groups as they are met. */
export class InventoryBuilder {
  readonly #hosts = new Map<string, { vars: Map<string, KeptNode>; comments: string[] }>();
  readonly #groups = new Map<
    string,
    { hosts: Set<string>; children: Set<string>; vars: Map<string, KeptNode>; comments: string[] }
  >();
  readonly said: string[] = [];

  host(
    name: string,
    vars: Iterable<readonly [string, KeptNode]>,
    comments: readonly string[] = [],
  ) {
    const none = { vars: new Map<string, KeptNode>(), comments: [] as string[] };
    const host = this.#hosts.get(name) ?? none;
    this.#hosts.set(name, host);
    for (const [key, value] of vars) host.vars.set(key, value);
    host.comments.push(...comments);
  }

  group(name: string) {
    const group = this.#groups.get(name) ?? {
      ...{ hosts: new Set<string>(), children: new Set<string>() },
      ...{ vars: new Map<string, KeptNode>(), comments: [] as string[] },
    };
    this.#groups.set(name, group);
    return group;
  }

  get result(): AnsibleInventory {
    const groups = [...this.#groups].map(([name, { hosts, children, vars, comments }]) => {
      return [name, { name, hosts: [...hosts], children: [...children], vars, comments }] as const;
    });
    const hosts = [...this.#hosts].map(([name, rest]) => [name, { name, ...rest }] as const);
    return { hosts: new Map(hosts), groups: new Map(groups), said: this.said };
  }
}
