import { refusals } from './refusals.ts';

refusals('what is not YAML as we take it', [
  {
    title: 'an empty file',
    yaml: ``,
    said: `<stdin>:1:1: the inventory names no host
  
  ^
  hint: add one under dom0, domU or hosts`,
  },
  {
    title: 'a text instead of a map',
    yaml: `hello
`,
    said: `<stdin>:1:1: this must be a map, not "hello"
  hello
  ^~~~~`,
  },
  {
    title: 'a list instead of a map',
    yaml: `- dom0
`,
    said: `<stdin>:1:1: an inventory is a map, and this is a list
  - dom0
  ^~~~~~
  hint: a list is a playbook, which comes after it: xpush apply INVENTORY PLAYBOOK`,
  },
  {
    title: 'a key that is written twice',
    yaml: `dom0:
  xen1: {}
  xen2: {}
  xen1: {}
`,
    said: `<stdin>:4:3: "xen1" is written twice
    xen1: {}
    ^~~~
  hint: first at <stdin>:2:3`,
  },
  {
    title: 'keys that would reach a prototype',
    yaml: `vars: { __proto__: { a: 1 }, b: { constructor: 1 }, c: [ { prototype: 1 } ] }
dom0: { xen1: }
`,
    said: `<stdin>:1:9: "__proto__" is not allowed as a key
  vars: { __proto__: { a: 1 }, b: { constructor: 1 }, c: [ { prototype: 1 } ] }
          ^~~~~~~~~
<stdin>:1:35: "constructor" is not allowed as a key
  vars: { __proto__: { a: 1 }, b: { constructor: 1 }, c: [ { prototype: 1 } ] }
                                    ^~~~~~~~~~~
<stdin>:1:60: "prototype" is not allowed as a key
  vars: { __proto__: { a: 1 }, b: { constructor: 1 }, c: [ { prototype: 1 } ] }
                                                             ^~~~~~~~~`,
  },
  {
    title: 'a merge key',
    yaml: `dom0:
  xen1: &a { uplink: eth1 }
  xen2: { <<: *a }
`,
    said: `<stdin>:3:11: "<<" is not allowed as a key
    xen2: { <<: *a }
            ^~
  hint: YAML 1.2 has no merge keys: write the keys out`,
  },
  {
    title: 'a number and a boolean as names',
    yaml: `dom0:
  0123: {}
  true: {}
`,
    said: `<stdin>:2:3: the key 0123 is a number, not text
    0123: {}
    ^~~~
  hint: quote it: "0123"
<stdin>:3:3: the key true is a boolean, not text
    true: {}
    ^~~~
  hint: quote it: "true"`,
  },
  {
    title: 'a tab as indentation',
    yaml: `dom0:
\txen1: {}
`,
    said: `<stdin>:2:1: not valid YAML: Tabs are not allowed as indentation
  \txen1: {}
  ^
  hint: indent with spaces`,
  },
  {
    title: 'an unknown tag',
    yaml: `vars: { whatever: !reference abc }
dom0: { xen1: }
`,
    said: `<stdin>:1:19: unknown tag "!reference"
  vars: { whatever: !reference abc }
                    ^~~~~~~~~~
  hint: quote the text if it begins with "!"`,
  },
  {
    title: 'a second document',
    yaml: `dom0: { xen1: }
---
dom0: { xen2: }
`,
    said: `<stdin>:2:1: a second document begins here
  ---
  ^~~
  hint: write one document a file`,
  },
  {
    title: 'a YAML 1.1 directive',
    yaml: `%YAML 1.1
---
dom0: { xen1: }
`,
    said: `<stdin>:1:1: "%YAML 1.1" is not supported
  %YAML 1.1
  ^~~~~~~~~
  hint: leave it out: YAML 1.2 is read`,
  },
  {
    title: 'an alias without an anchor',
    yaml: `dom0: { xen1: *base }
`,
    said: `<stdin>:1:15: the alias *base has no anchor before it
  dom0: { xen1: *base }
                ^~~~~`,
  },
  {
    title: 'an alias inside its own anchor',
    yaml: `vars: { a: &a [1, *a] }
dom0: { xen1: }
`,
    said: `<stdin>:1:19: the alias *a is inside its own anchor
  vars: { a: &a [1, *a] }
                    ^~`,
  },
  {
    title: 'a terminal escape in a text',
    yaml: `vars: { motd: "\\e]0;owned\\a" }
dom0: { xen1: }
`,
    said: `<stdin>:1:15: the control character U+001B is not allowed in a text
  vars: { motd: "\\e]0;owned\\a" }
                ^~~~~~~~~~~~~~`,
  },
  {
    title: 'a number that would lose digits',
    yaml: `vars: { serial: 12345678901234567890 }
dom0: { xen1: }
`,
    said: `<stdin>:1:17: the number "12345678901234567890" cannot be held exactly
  vars: { serial: 12345678901234567890 }
                  ^~~~~~~~~~~~~~~~~~~~
  hint: quote it if it is text`,
  },
  {
    title: 'a bracket that is not closed',
    yaml: `dom0: { xen1: { address: 10.0.0.1 }
`,
    said: `<stdin>:2:1: not valid YAML: Flow map in block collection must be sufficiently indented and end with a }
  
  ^`,
  },
  {
    title: 'a raw escape and a bidirectional override are shown escaped',
    yaml: `dom0: { "xen\u202e1": {}, "a\x1b[31m": {} }
`,
    said: `<stdin>:1:9: "xen\\u{202e}1" is not a host name
  dom0: { "xen\\u{202e}1": {}, "a\\x1b[31m": {} }
          ^~~~~~~~~~~~~~
  hint: use letters, digits and "-", with "." between labels (RFC 1123)
<stdin>:1:22: the control character U+001B is not allowed in a text
  dom0: { "xen\\u{202e}1": {}, "a\\x1b[31m": {} }
                              ^~~~~~~~~~~`,
  },
]);
