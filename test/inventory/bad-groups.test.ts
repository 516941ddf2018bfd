import { refusals } from './refusals.ts';

refusals('groups', [
  {
    title: 'an unknown member',
    yaml: `dom0: { xen1: , xen2: }
groups:
  web: [xen1, xen3]
  db: { hosts: [web] }
`,
    said: `<stdin>:3:15: unknown host "xen3"
    web: [xen1, xen3]
                ^~~~
  hint: did you mean "xen1"?
<stdin>:4:17: unknown host "web"
    db: { hosts: [web] }
                  ^~~
  hint: "web" is a group: write it under children`,
  },
  {
    title: 'an unknown child',
    yaml: `dom0: { xen1: , xen2: }
groups:
  web: { children: [bd, xen1] }
  db: []
`,
    said: `<stdin>:3:21: unknown group "bd"
    web: { children: [bd, xen1] }
                      ^~
  hint: did you mean "db"?
<stdin>:3:25: unknown group "xen1"
    web: { children: [bd, xen1] }
                          ^~~~
  hint: "xen1" is a host: write it under hosts`,
  },
  {
    title: 'groups in a circle',
    yaml: `dom0: { xen1: , xen2: }
groups:
  a: { children: [b] }
  b: { children: [c] }
  c: { children: [a] }
`,
    said: `<stdin>:3:3: the groups go in a circle: a -> b -> c -> a
    a: { children: [b] }
    ^`,
  },
  {
    title: 'a group called like a host, and one like a built-in group',
    yaml: `dom0: { xen1: , xen2: }
groups:
  xen1: []
  dom0: []
`,
    said: `<stdin>:3:3: "xen1" is a dom0 and a group
    xen1: []
    ^~~~
  hint: first at <stdin>:1:9
<stdin>:4:3: "dom0" is reserved: it names a built-in group
    dom0: []
    ^~~~
  hint: choose another name`,
  },
  {
    title: 'a name that is none',
    yaml: `dom0: { xen1: , xen2: }
groups:
  "web servers": []
`,
    said: `<stdin>:3:3: "web servers" is not a group name
    "web servers": []
    ^~~~~~~~~~~~~
  hint: use letters, digits, "_", "-" and ".", a letter first`,
  },
  {
    title: 'a host that joins an unknown group or a built-in one',
    yaml: `dom0:
  xen1: { groups: [wbe] }
  xen2: { groups: domU }
groups:
  web:
`,
    said: `<stdin>:2:20: unknown group "wbe"
    xen1: { groups: [wbe] }
                     ^~~
  hint: did you mean "web"?
<stdin>:3:19: "domU" is a built-in group, and nothing can join it
    xen2: { groups: domU }
                    ^~~~`,
  },
  {
    title: 'an unknown key of a group',
    yaml: `dom0: { xen1: , xen2: }
groups:
  web: { host: [xen1] }
`,
    said: `<stdin>:3:10: unknown key "host"
    web: { host: [xen1] }
           ^~~~
  hint: did you mean "hosts"?`,
  },
  {
    title: 'a member that is no text',
    yaml: `dom0: { xen1: , xen2: }
groups:
  web: [1, xen1]
`,
    said: `<stdin>:3:9: item [0] must be text, but 1 is a number
    web: [1, xen1]
          ^
  hint: quote it: "1"`,
  },
]);
