import { refusals } from './refusals.ts';

refusals('hosts', [
  {
    title: 'an inventory without hosts',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
`,
    said: `<stdin>:1:1: the inventory names no host
  networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
  hint: add one under dom0, domU or hosts`,
  },
  {
    title: 'an unknown key that is nearly a known one',
    yaml: `dom0:
  xen1: { adress: 10.0.0.1 }
`,
    said: `<stdin>:2:11: unknown key "adress"
    xen1: { adress: 10.0.0.1 }
            ^~~~~~
  hint: did you mean "address"?`,
  },
  {
    title: 'an unknown key that is like none',
    yaml: `dom0:
  xen1: { colour: red }
`,
    said: `<stdin>:2:11: unknown key "colour"
    xen1: { colour: red }
            ^~~~~~
  hint: known here: address, ssh, vars, groups, become, expect, safety, uplink, xen, firewall, antispoof`,
  },
  {
    title: 'an unknown section',
    yaml: `dom0: { xen1: }
domu: {}
`,
    said: `<stdin>:2:1: unknown key "domu"
  domu: {}
  ^~~~
  hint: did you mean "domU"?`,
  },
  {
    title: 'a list where a host belongs',
    yaml: `dom0:
  xen1: []
`,
    said: `<stdin>:2:9: xen1 must be a map, not a list
    xen1: []
          ^~`,
  },
  {
    title: 'a text where a map belongs',
    yaml: `dom0: xen1
`,
    said: `<stdin>:1:7: dom0 must be a map, not "xen1"
  dom0: xen1
        ^~~~`,
  },
  {
    title: 'an underscore in a host name',
    yaml: `dom0: { xen_1: }
`,
    said: `<stdin>:1:9: "xen_1" is not a host name
  dom0: { xen_1: }
          ^~~~~
  hint: use letters, digits and "-", with "." between labels (RFC 1123)`,
  },
  {
    title: 'a host called like a built-in group',
    yaml: `hosts: { all: }
`,
    said: `<stdin>:1:10: "all" is reserved: it names a built-in group
  hosts: { all: }
           ^~~
  hint: choose another name`,
  },
  {
    title: 'one name for two hosts',
    yaml: `dom0: { xen1: }
hosts: { xen1: }
`,
    said: `<stdin>:2:10: "xen1" is a dom0 and a plain host
  hosts: { xen1: }
           ^~~~
  hint: first at <stdin>:1:9`,
  },
  {
    title: 'a wrong address',
    yaml: `dom0: { xen1: { address: 10.0.0.256 }, xen2: { address: 010.0.0.2 }, xen3: { address: 10.1 } }
`,
    said: `<stdin>:1:26: "10.0.0.256" is not an IPv4 address
  dom0: { xen1: { address: 10.0.0.256 }, xen2: { address: 010.0.0.2 }, xen3: { address: 10.1 } }
                           ^~~~~~~~~~
<stdin>:1:57: "010.0.0.2" is not an IPv4 address
  dom0: { xen1: { address: 10.0.0.256 }, xen2: { address: 010.0.0.2 }, xen3: { address: 10.1 } }
                                                          ^~~~~~~~~
  hint: write 10.0.0.2: a leading zero means octal to some programs
<stdin>:1:87: address must be text, but 10.1 is a number
  dom0: { xen1: { address: 10.0.0.256 }, xen2: { address: 010.0.0.2 }, xen3: { address: 10.1 } }
                                                                                        ^~~~
  hint: quote it: "10.1"`,
  },
  {
    title: 'an address with a prefix length',
    yaml: `dom0:
  xen1: { address: 10.0.0.1/24 }
  xen2: { address: "2001:db8::1/64" }
`,
    said: `<stdin>:2:20: "10.0.0.1/24" is a network, and an address is wanted
    xen1: { address: 10.0.0.1/24 }
                     ^~~~~~~~~~~
  hint: write 10.0.0.1: its prefix length comes from the network
<stdin>:3:20: "2001:db8::1/64" is a network, and an address is wanted
    xen2: { address: "2001:db8::1/64" }
                     ^~~~~~~~~~~~~~~~
  hint: write 2001:db8::1: its prefix length comes from the network`,
  },
  {
    title: 'two hosts at one address',
    yaml: `dom0:
  xen1: { address: 10.0.0.1 }
  xen2: { address: 10.0.0.1 }
`,
    said: `<stdin>:3:20: the address 10.0.0.1 of xen2 is that of xen1 too
    xen2: { address: 10.0.0.1 }
                     ^~~~~~~~
  hint: first at <stdin>:2:20`,
  },
  {
    title: 'a number where a name belongs',
    yaml: `dom0: { xen1: { uplink: 0 } }
`,
    said: `<stdin>:1:25: uplink must be text, but 0 is a number
  dom0: { xen1: { uplink: 0 } }
                          ^
  hint: quote it: "0"`,
  },
  {
    title: 'a version that YAML reads as a number',
    yaml: `dom0: { xen1: { xen: { version: 4.10 } } }
`,
    said: `<stdin>:1:33: version must be text, but 4.10 is read as the number 4.1
  dom0: { xen1: { xen: { version: 4.10 } } }
                                  ^~~~
  hint: quote it: "4.10"`,
  },
  {
    title: 'a toolstack that this Xen has not',
    yaml: `dom0: { xen1: { xen: { version: "3.0.4", toolstack: xl } }, xen2: { xen: { version: "4.17", toolstack: xm } } }
`,
    said: `<stdin>:1:53: Xen 3.0.4 has no xl
  dom0: { xen1: { xen: { version: "3.0.4", toolstack: xl } }, xen2: { xen: { version: "4.17", toolstack: xm } } }
                                                      ^~
<stdin>:1:104: Xen 4.17 has no xm
  dom0: { xen1: { xen: { version: "3.0.4", toolstack: xl } }, xen2: { xen: { version: "4.17", toolstack: xm } } }
                                                                                                         ^~`,
  },
  {
    title: 'yes where true belongs',
    yaml: `dom0: { xen1: { antispoof: yes } }
`,
    said: `<stdin>:1:28: antispoof must be true or false, but yes is text
  dom0: { xen1: { antispoof: yes } }
                             ^~~
  hint: write true`,
  },
  {
    title: 'a quoted port, and one out of range',
    yaml: `dom0: { xen1: { ssh: { port: "22" } }, xen2: { ssh: { port: 70000 } } }
`,
    said: `<stdin>:1:30: port must be a number, but "22" is text
  dom0: { xen1: { ssh: { port: "22" } }, xen2: { ssh: { port: 70000 } } }
                               ^~~~
  hint: write it without quotes: 22
<stdin>:1:61: port must be at most 65535, not 70000
  dom0: { xen1: { ssh: { port: "22" } }, xen2: { ssh: { port: 70000 } } }
                                                              ^~~~~`,
  },
  {
    title: 'a way to become root that there is not',
    yaml: `dom0:
  xen1: { become: { method: sudoo } }
`,
    said: `<stdin>:2:29: method must be sudo, doas or su, not "sudoo"
    xen1: { become: { method: sudoo } }
                              ^~~~~
  hint: did you mean "sudo"?`,
  },
  {
    title: 'a transport that there is not',
    yaml: `dom0:
  xen1:
    ssh: { transport: opnssh }
`,
    said: `<stdin>:3:23: transport must be ssh2, openssh or local, not "opnssh"
      ssh: { transport: opnssh }
                        ^~~~~~
  hint: did you mean "openssh"?`,
  },
  {
    title: 'two hosts that are both this machine',
    yaml: `dom0:
  xen1: { ssh: { transport: local } }
hosts:
  me: { ssh: { transport: local } }
`,
    said: `<stdin>:4:3: me is this machine (transport: local), and so is xen1
    me: { ssh: { transport: local } }
    ^~
  hint: one host of an inventory is at most`,
  },
  {
    title: 'an inventory of which all is this machine',
    yaml: `ssh: { transport: local }
dom0: { xen1: }
`,
    said: `<stdin>:1:19: not all hosts are this machine
  ssh: { transport: local }
                    ^~~~~
  hint: write it in the ssh of the one that is`,
  },
  {
    title: 'words that are nearly right',
    yaml: `dom0:
  xen1: { ssh: { host_key_checking: strickt }, firewall: { backend: iptable, policy: DROP, log: true } }
`,
    said: `<stdin>:2:37: host_key_checking must be strict or accept-new, not "strickt"
    xen1: { ssh: { host_key_checking: strickt }, firewall: { backend: iptable, policy: DROP, log: true } }
                                      ^~~~~~~
  hint: did you mean "strict"?
<stdin>:2:69: backend must be auto, iptables or nftables, not "iptable"
    xen1: { ssh: { host_key_checking: strickt }, firewall: { backend: iptable, policy: DROP, log: true } }
                                                                      ^~~~~~~
  hint: did you mean "iptables"?
<stdin>:2:86: policy must be leave or drop, not "DROP"
    xen1: { ssh: { host_key_checking: strickt }, firewall: { backend: iptable, policy: DROP, log: true } }
                                                                                       ^~~~
  hint: did you mean "drop"?
<stdin>:2:97: log must be false or a rate
    xen1: { ssh: { host_key_checking: strickt }, firewall: { backend: iptable, policy: DROP, log: true } }
                                                                                                  ^~~~
  hint: such as 5/minute`,
  },
  {
    title: 'a key without a value',
    yaml: `dom0:
  xen1:
    address:
    uplink: eth0
`,
    said: `<stdin>:3:5: address has no value
      address:
      ^~~~~~~
  hint: give it text, or leave the key out`,
  },
  {
    title: 'a name of a variable with a hyphen',
    yaml: `vars: { http-port: 80 }
dom0: { xen1: { vars: { a b: 1 } } }
`,
    said: `<stdin>:1:9: "http-port" is not a variable name
  vars: { http-port: 80 }
          ^~~~~~~~~
  hint: use letters, digits and "_", a letter first
<stdin>:2:25: "a b" is not a variable name
  dom0: { xen1: { vars: { a b: 1 } } }
                          ^~~
  hint: use letters, digits and "_", a letter first`,
  },
  {
    title: 'a wrong host key and a wrong user',
    yaml: `dom0: { xen1: { ssh: { host_key: abc, user: "ro ot" } } }
`,
    said: `<stdin>:1:34: "abc" is not a host key
  dom0: { xen1: { ssh: { host_key: abc, user: "ro ot" } } }
                                   ^~~
  hint: such as "ssh-ed25519 AAAA...", as in a .pub file
<stdin>:1:45: "ro ot" is not a user name
  dom0: { xen1: { ssh: { host_key: abc, user: "ro ot" } } }
                                              ^~~~~~~
  hint: such as root`,
  },
  {
    title: 'an unknown jump host',
    yaml: `ssh: { jump: bastoin }
hosts: { bastion: { address: 10.0.0.9 } }
`,
    said: `<stdin>:1:14: unknown jump host "bastoin"
  ssh: { jump: bastoin }
               ^~~~~~~
  hint: did you mean "bastion"?`,
  },
  {
    title: 'jump hosts in a circle',
    yaml: `hosts:
  a: { address: 10.0.0.1, ssh: { jump: b } }
  b: { address: 10.0.0.2, ssh: { jump: c } }
  c: { address: 10.0.0.3, ssh: { jump: a } }
`,
    said: `<stdin>:2:40: the jump hosts go in a circle: a -> b -> c -> a
    a: { address: 10.0.0.1, ssh: { jump: b } }
                                         ^`,
  },
  {
    title: 'a host that jumps through itself, and a dom0 through its dom0',
    yaml: `dom0:
  xen1: { ssh: { jump: xen1 } }
  xen2: { ssh: { jump: dom0 } }
`,
    said: `<stdin>:2:24: the jump hosts go in a circle: xen1 -> xen1
    xen1: { ssh: { jump: xen1 } }
                         ^~~~
<stdin>:3:24: only a domU has a dom0 to jump through
    xen2: { ssh: { jump: dom0 } }
                         ^~~~
  hint: name a host`,
  },
  {
    title: 'ranges that do not fit',
    yaml: `dom0:
  "xen[1:3]": { address: "10.0.0.[1:2]" }
  "a[3:1]": {}
  "b[08:010]": {}
  "c[1:99999]": {}
  "d[1:2][1:3]": {}
`,
    said: `<stdin>:2:26: "10.0.0.[1:2]" has 2 values, and "xen[1:3]" has 3
    "xen[1:3]": { address: "10.0.0.[1:2]" }
                           ^~~~~~~~~~~~~~
  hint: ranges expand in step: make them equally long
<stdin>:3:3: the range [3:1] ends before it begins
    "a[3:1]": {}
    ^~~~~~~~
<stdin>:4:3: the ends of the range [08:010] are padded differently
    "b[08:010]": {}
    ^~~~~~~~~~~
  hint: did you mean [008:010]?
<stdin>:5:3: the range [1:99999] has more than 20000 values
    "c[1:99999]": {}
    ^~~~~~~~~~~~
<stdin>:6:3: the ranges of "d[1:2][1:3]" have 2 and 3 values
    "d[1:2][1:3]": {}
    ^~~~~~~~~~~~~
  hint: ranges advance in step: make them equally long`,
  },
  {
    title: 'a range that makes a name twice',
    yaml: `dom0:
  xen2: {}
  "xen[1:3]": {}
`,
    said: `<stdin>:3:3: "xen2" is written twice
    "xen[1:3]": {}
    ^~~~~~~~~~
  hint: first at <stdin>:2:3`,
  },
  {
    title: 'a range that runs out of the address space',
    yaml: `dom0:
  "xen[1:3]": { address: "10.0.0.[254:256]" }
`,
    said: `<stdin>:2:26: "10.0.0.256" is not an IPv4 address
    "xen[1:3]": { address: "10.0.0.[254:256]" }
                           ^~~~~~~~~~~~~~~~~~`,
  },
]);
