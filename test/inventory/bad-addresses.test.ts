import { refusals } from './refusals.ts';

const NETWORKS = `networks: { lan: { subnet: 10.0.0.0/24 }, lan6: { subnet: "2001:db8::/64", gateway: "2001:db8::1" } }
`;

refusals('addresses', [
  {
    title: 'vif addresses that are not those of one host in one network',
    yaml: `${NETWORKS}dom0: { x: }
domU:
  a:
    dom0: x
    vifs:
      - { ip: "::ffff:10.0.0.5" }
      - { ip: "::FFFF:a00:5" }
      - { ip: "ff02::1" }
      - { ip: "::" }
      - { ip: "::1" }
      - { ip: "fe80::5" }
      - { ip: "fe80::5%eth0" }
      - { ip: "[2001:db8::5]" }
      - { ip: "2001:db8::5/64" }
      - { ip: "2001:db8::5::" }
      - { ip: 127.0.0.1 }
      - { ip: 224.0.0.5 }
      - { ip: 0.0.0.0 }
      - { ip: web }
`,
    said: `<stdin>:7:15: "::ffff:10.0.0.5" is an IPv4-mapped address
        - { ip: "::ffff:10.0.0.5" }
                ^~~~~~~~~~~~~~~~~
  hint: write 10.0.0.5
<stdin>:8:15: "::FFFF:a00:5" is an IPv4-mapped address
        - { ip: "::FFFF:a00:5" }
                ^~~~~~~~~~~~~~
  hint: write 10.0.0.5
<stdin>:9:15: "ff02::1" is a multicast address
        - { ip: "ff02::1" }
                ^~~~~~~~~
<stdin>:10:15: "::" is an unspecified address
        - { ip: "::" }
                ^~~~
<stdin>:11:15: "::1" is a loopback address
        - { ip: "::1" }
                ^~~~~
<stdin>:12:15: "fe80::5" is a link-local address
        - { ip: "fe80::5" }
                ^~~~~~~~~
  hint: every link has its own: write a global or unique local one
<stdin>:13:15: "fe80::5%eth0" has a scope, which is another on every machine
        - { ip: "fe80::5%eth0" }
                ^~~~~~~~~~~~~~
<stdin>:14:15: "[2001:db8::5]" is not an IPv6 address
        - { ip: "[2001:db8::5]" }
                ^~~~~~~~~~~~~~~
  hint: write "2001:db8::5"
<stdin>:15:15: "2001:db8::5/64" is a network, and an address is wanted
        - { ip: "2001:db8::5/64" }
                ^~~~~~~~~~~~~~~~
  hint: write 2001:db8::5: its prefix length comes from the network
<stdin>:16:15: "2001:db8::5::" is not an IPv6 address
        - { ip: "2001:db8::5::" }
                ^~~~~~~~~~~~~~~
<stdin>:17:15: "127.0.0.1" is a loopback address
        - { ip: 127.0.0.1 }
                ^~~~~~~~~
<stdin>:18:15: "224.0.0.5" is a multicast address
        - { ip: 224.0.0.5 }
                ^~~~~~~~~
<stdin>:19:15: "0.0.0.0" is an unspecified address
        - { ip: 0.0.0.0 }
                ^~~~~~~
<stdin>:20:15: "web" is not an address
        - { ip: web }
                ^~~`,
  },
  {
    title: 'addresses of IPv6 that are the network’s, and one that is in none',
    yaml: `${NETWORKS}dom0: { x: }
domU:
  a: { dom0: x, vifs: [ { ip: "2001:db8::" }, { ip: "2001:db8::1" }, { ip: "2001:db8:0:1::5" } ] }
`,
    said: `<stdin>:4:31: "2001:db8::" is the subnet-router anycast address of 2001:db8::/64
    a: { dom0: x, vifs: [ { ip: "2001:db8::" }, { ip: "2001:db8::1" }, { ip: "2001:db8:0:1::5" } ] }
                                ^~~~~~~~~~~~
<stdin>:4:53: "2001:db8::1" is the gateway of 2001:db8::/64
    a: { dom0: x, vifs: [ { ip: "2001:db8::" }, { ip: "2001:db8::1" }, { ip: "2001:db8:0:1::5" } ] }
                                                      ^~~~~~~~~~~~~
<stdin>:4:76: "2001:db8:0:1::5" is in no network of the inventory
    a: { dom0: x, vifs: [ { ip: "2001:db8::" }, { ip: "2001:db8::1" }, { ip: "2001:db8:0:1::5" } ] }
                                                                             ^~~~~~~~~~~~~~~~~
  hint: known: lan6 (2001:db8::/64)`,
  },
  {
    title: 'an address in two spellings',
    yaml: `${NETWORKS}dom0: { x: { address: "2001:db8::9" } }
domU:
  a: { dom0: x, vifs: [ { ip: "2001:db8::5" } ] }
  b: { dom0: x, vifs: [ { ips: ["2001:0DB8::5", "2001:DB8::09"] } ] }
`,
    said: `<stdin>:2:23: the address 2001:db8::9 of x is that of b too
  dom0: { x: { address: "2001:db8::9" } }
                        ^~~~~~~~~~~~~
  hint: the other is at <stdin>:5:49
<stdin>:5:33: the address 2001:db8::5 of b is that of a too
    b: { dom0: x, vifs: [ { ips: ["2001:0DB8::5", "2001:DB8::09"] } ] }
                                  ^~~~~~~~~~~~~~
  hint: first at <stdin>:4:31`,
  },
  {
    title: 'two networks of one family on one vif',
    yaml: `networks: { a: { subnet: 10.0.0.0/24 }, b: { subnet: "2001:db8:b::/64" }, c: { subnet: "2001:db8:c::/64" } }
dom0: { x: }
domU: { g: { dom0: x, vifs: [ { ips: [10.0.0.5, "2001:db8:b::5", "2001:db8:c::5"] }, { ips: ["2001:db8:b::6", "2001:db8:c::6"] } ] } }
`,
    said: `<stdin>:3:66: "2001:db8:c::5" is in network "c", and the vif's first IPv6 address in "b"
  domU: { g: { dom0: x, vifs: [ { ips: [10.0.0.5, "2001:db8:b::5", "2001:db8:c::5"] }, { ips: ["2001:db8:b::6", "2001:db8:c::6"] } ] } }
                                                                   ^~~~~~~~~~~~~~~
  hint: give it a vif of its own
<stdin>:3:111: "2001:db8:c::6" is in network "c", and the vif's first address in "b"
  domU: { g: { dom0: x, vifs: [ { ips: [10.0.0.5, "2001:db8:b::5", "2001:db8:c::5"] }, { ips: ["2001:db8:b::6", "2001:db8:c::6"] } ] } }
                                                                                                                ^~~~~~~~~~~~~~~
  hint: give it a vif of its own`,
  },
  {
    title: 'an IPv6 address where all networks are of IPv4',
    yaml: `networks: { a: { subnet: 10.0.0.0/24 } }
dom0: { x: }
domU: { g: { dom0: x, vifs: [ { ips: [10.0.0.5, "2001:db8:b::5"] } ] } }
`,
    said: `<stdin>:3:49: "2001:db8:b::5" is in no network of the inventory
  domU: { g: { dom0: x, vifs: [ { ips: [10.0.0.5, "2001:db8:b::5"] } ] } }
                                                  ^~~~~~~~~~~~~~~
  hint: add its network: networks: { lan: { subnet: "2001:db8::/64" } }`,
  },
  {
    title: 'addresses that nobody can connect to',
    yaml: `dom0:
  a: { address: "fe80::1" }
  b: { address: "::ffff:10.0.0.1" }
  c: { address: "::" }
  d: { address: "ff02::1" }
  e: { address: "::1" }
  f: { address: "::1" }
`,
    said: `<stdin>:2:17: "fe80::1" is a link-local address
    a: { address: "fe80::1" }
                  ^~~~~~~~~
  hint: every link has its own: write a global or unique local one
<stdin>:3:17: "::ffff:10.0.0.1" is an IPv4-mapped address
    b: { address: "::ffff:10.0.0.1" }
                  ^~~~~~~~~~~~~~~~~
  hint: write 10.0.0.1
<stdin>:4:17: "::" is an unspecified address
    c: { address: "::" }
                  ^~~~
<stdin>:5:17: "ff02::1" is a multicast address
    d: { address: "ff02::1" }
                  ^~~~~~~~~
<stdin>:7:17: the address ::1 of f is that of e too
    f: { address: "::1" }
                  ^~~~~
  hint: first at <stdin>:6:17`,
  },
  {
    title: 'what dom0 never forwards, and empty lists',
    yaml: `${NETWORKS}dom0: { x: }
domU:
  a:
    dom0: x
    vifs: [ { ips: [10.0.0.5, "2001:db8::5"] } ]
    allow:
      - { proto: tcp, from: ["fe80::/10", "ff02::1", "::ffff:0:0/96", "::1", "2001:db8::1/64", "2001:db8::/200", "2001:db8::x"] }
      - { proto: tcp, to: ["2001:db8::6", "fe80::1%eth0"] }
      - { proto: tcp, from: [] , to: [] }
`,
    said: `<stdin>:8:30: "fe80::/10" is a link-local network
        - { proto: tcp, from: ["fe80::/10", "ff02::1", "::ffff:0:0/96", "::1", "2001:db8::1/64", "2001:db8::/200", "2001:db8::x"] }
                               ^~~~~~~~~~~
  hint: every link has its own: write a global or unique local one
<stdin>:8:43: "ff02::1" is a multicast address
        - { proto: tcp, from: ["fe80::/10", "ff02::1", "::ffff:0:0/96", "::1", "2001:db8::1/64", "2001:db8::/200", "2001:db8::x"] }
                                            ^~~~~~~~~
<stdin>:8:54: "::ffff:0:0/96" is an IPv4-mapped network
        - { proto: tcp, from: ["fe80::/10", "ff02::1", "::ffff:0:0/96", "::1", "2001:db8::1/64", "2001:db8::/200", "2001:db8::x"] }
                                                       ^~~~~~~~~~~~~~~
  hint: write 0.0.0.0/0
<stdin>:8:71: "::1" is a loopback address
        - { proto: tcp, from: ["fe80::/10", "ff02::1", "::ffff:0:0/96", "::1", "2001:db8::1/64", "2001:db8::/200", "2001:db8::x"] }
                                                                        ^~~~~
<stdin>:8:78: "2001:db8::1/64" is not the beginning of a network
        - { proto: tcp, from: ["fe80::/10", "ff02::1", "::ffff:0:0/96", "::1", "2001:db8::1/64", "2001:db8::/200", "2001:db8::x"] }
                                                                               ^~~~~~~~~~~~~~~~
  hint: did you mean "2001:db8::/64"?
<stdin>:8:96: "2001:db8::/200" is not an IPv6 network
        - { proto: tcp, from: ["fe80::/10", "ff02::1", "::ffff:0:0/96", "::1", "2001:db8::1/64", "2001:db8::/200", "2001:db8::x"] }
                                                                                                 ^~~~~~~~~~~~~~~~
  hint: write it as 2001:db8::/64
<stdin>:8:114: "2001:db8::x" is not an IPv6 address
        - { proto: tcp, from: ["fe80::/10", "ff02::1", "::ffff:0:0/96", "::1", "2001:db8::1/64", "2001:db8::/200", "2001:db8::x"] }
                                                                                                                   ^~~~~~~~~~~~~
<stdin>:9:28: "2001:db8::6" is no address of this domU
        - { proto: tcp, to: ["2001:db8::6", "fe80::1%eth0"] }
                             ^~~~~~~~~~~~~
  hint: it has 10.0.0.5, 2001:db8::5
<stdin>:9:43: "fe80::1%eth0" has a scope, which is another on every machine
        - { proto: tcp, to: ["2001:db8::6", "fe80::1%eth0"] }
                                            ^~~~~~~~~~~~~~
<stdin>:10:23: from is empty
        - { proto: tcp, from: [] , to: [] }
                        ^~~~
  hint: leave from out where any address is meant
<stdin>:10:34: to is empty
        - { proto: tcp, from: [] , to: [] }
                                   ^~
  hint: leave to out where any address is meant`,
  },
  {
    title: 'names that stand for no address, or for two things',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24 }, ns: { subnet: 10.0.1.0/24 }, back: { subnet: 10.0.2.0/24 } }
dom0: { x: }
domU:
  web: { dom0: x, vifs: [ { ip: 10.0.0.5 } ], allow: [ { proto: tcp, from: [ns, back, x, old, none, dbb] } ] }
hosts: { ns: { address: 10.0.0.53 }, db: { address: db.example.org } }
groups: { back: [ns], old: [ns, db], none: [] }
`,
    said: `<stdin>:4:77: "ns" is a network and a host
    web: { dom0: x, vifs: [ { ip: 10.0.0.5 } ], allow: [ { proto: tcp, from: [ns, back, x, old, none, dbb] } ] }
                                                                              ^~
  hint: give one of them another name
<stdin>:4:81: "back" is a network and a group
    web: { dom0: x, vifs: [ { ip: 10.0.0.5 } ], allow: [ { proto: tcp, from: [ns, back, x, old, none, dbb] } ] }
                                                                                  ^~~~
  hint: give one of them another name
<stdin>:4:87: "x" has no numeric address
    web: { dom0: x, vifs: [ { ip: 10.0.0.5 } ], allow: [ { proto: tcp, from: [ns, back, x, old, none, dbb] } ] }
                                                                                        ^
  hint: give it one: x: { address: 192.168.0.10 }
<stdin>:4:90: "db" of the group "old" has no numeric address
    web: { dom0: x, vifs: [ { ip: 10.0.0.5 } ], allow: [ { proto: tcp, from: [ns, back, x, old, none, dbb] } ] }
                                                                                           ^~~
  hint: give it one: db: { address: 192.168.0.10 }
<stdin>:4:95: the group "none" has no hosts
    web: { dom0: x, vifs: [ { ip: 10.0.0.5 } ], allow: [ { proto: tcp, from: [ns, back, x, old, none, dbb] } ] }
                                                                                                ^~~~
  hint: name one that has
<stdin>:4:101: unknown network or host "dbb"
    web: { dom0: x, vifs: [ { ip: 10.0.0.5 } ], allow: [ { proto: tcp, from: [ns, back, x, old, none, dbb] } ] }
                                                                                                      ^~~
  hint: did you mean "db"?`,
  },
  {
    title: 'entries that no packet can match',
    yaml: `${NETWORKS}dom0: { x: { firewall: { rules: [ { proto: icmp, from: lan, to: lan6 } ] } } }
domU:
  four: { dom0: x, vifs: [ { ip: 10.0.0.5 } ], allow: [ { proto: tcp, from: lan6 }, { proto: tcp, direction: out, to: six } ] }
  six: { dom0: x, vifs: [ { ip: "2001:db8::5" } ], allow: [ { proto: tcp, direction: out, from: lan }, { proto: tcp, from: [lan, lan6] } ] }
`,
    said: `<stdin>:2:35: this lets nothing pass: from has only IPv4 addresses, and to only IPv6
  dom0: { x: { firewall: { rules: [ { proto: icmp, from: lan, to: lan6 } ] } } }
                                    ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
<stdin>:4:57: this lets nothing pass: four has only IPv4 addresses, and from only IPv6
    four: { dom0: x, vifs: [ { ip: 10.0.0.5 } ], allow: [ { proto: tcp, from: lan6 }, { proto: tcp, direction: out, to: six } ] }
                                                          ^~~~~~~~~~~~~~~~~~~~~~~~~~
<stdin>:4:85: this lets nothing pass: four has only IPv4 addresses, and to only IPv6
    four: { dom0: x, vifs: [ { ip: 10.0.0.5 } ], allow: [ { proto: tcp, from: lan6 }, { proto: tcp, direction: out, to: six } ] }
                                                                                      ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
<stdin>:5:61: this lets nothing pass: from has only IPv4 addresses, and six only IPv6
    six: { dom0: x, vifs: [ { ip: "2001:db8::5" } ], allow: [ { proto: tcp, direction: out, from: lan }, { proto: tcp, from: [lan, lan6] } ] }
                                                              ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~`,
  },
]);
