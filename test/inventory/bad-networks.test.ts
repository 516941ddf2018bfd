import { refusals } from './refusals.ts';

refusals('networks', [
  {
    title: 'a subnet with bits beyond its prefix',
    yaml: `dom0: { xen1: , xen2: }
networks: { lan: { subnet: 10.0.0.5/24 } }
`,
    said: `<stdin>:2:28: "10.0.0.5/24" is not the beginning of a network
  networks: { lan: { subnet: 10.0.0.5/24 } }
                             ^~~~~~~~~~~
  hint: did you mean "10.0.0.0/24"?`,
  },
  {
    title: 'a subnet without a prefix, or with a wrong one',
    yaml: `dom0: { xen1: , xen2: }
networks:
  a: { subnet: 10.0.0.0 }
  b: { subnet: 10.0.0.0/33 }
  c: { subnet: 10.0.0.0/024 }
`,
    said: `<stdin>:3:16: "10.0.0.0" is not an IPv4 network
    a: { subnet: 10.0.0.0 }
                 ^~~~~~~~
  hint: write it as 192.168.0.0/24
<stdin>:4:16: "10.0.0.0/33" is not an IPv4 network
    b: { subnet: 10.0.0.0/33 }
                 ^~~~~~~~~~~
  hint: write it as 192.168.0.0/24
<stdin>:5:16: "10.0.0.0/024" is not an IPv4 network
    c: { subnet: 10.0.0.0/024 }
                 ^~~~~~~~~~~~
  hint: write it as 192.168.0.0/24`,
  },
  {
    title: 'an IPv6 network that is none, and what no guest can have',
    yaml: `dom0: { xen1: , xen2: }
networks:
  a: { subnet: "2001:db8::" }
  b: { subnet: "2001:db8::/129" }
  c: { subnet: "2001:db8::1/64" }
  d: { subnet: "fe80::/64" }
  e: { subnet: "ff0e::/16" }
  f: { subnet: "::ffff:10.0.0.0/104" }
  g: { subnet: 127.0.0.0/8 }
`,
    said: `<stdin>:3:16: "2001:db8::" is not an IPv6 network
    a: { subnet: "2001:db8::" }
                 ^~~~~~~~~~~~
  hint: write it as 2001:db8::/64
<stdin>:4:16: "2001:db8::/129" is not an IPv6 network
    b: { subnet: "2001:db8::/129" }
                 ^~~~~~~~~~~~~~~~
  hint: write it as 2001:db8::/64
<stdin>:5:16: "2001:db8::1/64" is not the beginning of a network
    c: { subnet: "2001:db8::1/64" }
                 ^~~~~~~~~~~~~~~~
  hint: did you mean "2001:db8::/64"?
<stdin>:6:16: "fe80::/64" is a link-local network
    d: { subnet: "fe80::/64" }
                 ^~~~~~~~~~~
  hint: every link has its own: write a global or unique local one
<stdin>:7:16: "ff0e::/16" is a multicast network
    e: { subnet: "ff0e::/16" }
                 ^~~~~~~~~~~
<stdin>:8:16: "::ffff:10.0.0.0/104" is an IPv4-mapped network
    f: { subnet: "::ffff:10.0.0.0/104" }
                 ^~~~~~~~~~~~~~~~~~~~~
  hint: write 10.0.0.0/8
<stdin>:9:16: "127.0.0.0/8" is a loopback network
    g: { subnet: 127.0.0.0/8 }
                 ^~~~~~~~~~~`,
  },
  {
    title: 'gateways of another family or network, or of none',
    yaml: `dom0: { xen1: , xen2: }
networks:
  a: { subnet: "2001:db8:a::/64", gateway: 10.0.0.1 }
  b: { subnet: 10.0.0.0/24, gateway: "fe80::1" }
  c: { subnet: "2001:db8:c::/64", gateway: "2001:db8:d::1" }
  d: { subnet: "2001:db8:d::/64", gateway: "fe80::1%eth0" }
  e: { subnet: "2001:db8:e::/64", gateway: "ff02::2" }
  f: { subnet: "2001:db8:f::/64", gateway: "::" }
`,
    said: `<stdin>:3:44: the gateway "10.0.0.1" is of IPv4, and 2001:db8:a::/64 of IPv6
    a: { subnet: "2001:db8:a::/64", gateway: 10.0.0.1 }
                                             ^~~~~~~~
  hint: write a network for each family
<stdin>:4:38: the gateway "fe80::1" is of IPv6, and 10.0.0.0/24 of IPv4
    b: { subnet: 10.0.0.0/24, gateway: "fe80::1" }
                                       ^~~~~~~~~
  hint: write a network for each family
<stdin>:5:44: the gateway "2001:db8:d::1" is not in 2001:db8:c::/64
    c: { subnet: "2001:db8:c::/64", gateway: "2001:db8:d::1" }
                                             ^~~~~~~~~~~~~~~
<stdin>:6:44: "fe80::1%eth0" has a scope, which is another on every machine
    d: { subnet: "2001:db8:d::/64", gateway: "fe80::1%eth0" }
                                             ^~~~~~~~~~~~~~
  hint: write "fe80::1"
<stdin>:7:44: "ff02::2" is a multicast address
    e: { subnet: "2001:db8:e::/64", gateway: "ff02::2" }
                                             ^~~~~~~~~
<stdin>:8:44: "::" is an unspecified address
    f: { subnet: "2001:db8:f::/64", gateway: "::" }
                                             ^~~~`,
  },
  {
    title: 'one IPv6 subnet in two spellings',
    yaml: `dom0: { xen1: , xen2: }
networks:
  a: { subnet: "2001:db8::/64" }
  b: { subnet: "2001:0DB8:0:0::/64" }
`,
    said: `<stdin>:4:16: 2001:db8::/64 is the subnet of network "a" too
    b: { subnet: "2001:0DB8:0:0::/64" }
                 ^~~~~~~~~~~~~~~~~~~~`,
  },
  {
    title: 'a gateway outside, and one that is the broadcast address',
    yaml: `dom0: { xen1: , xen2: }
networks:
  a: { subnet: 10.0.0.0/24, gateway: 10.0.1.1 }
  b: { subnet: 10.0.2.0/24, gateway: 10.0.2.255 }
`,
    said: `<stdin>:3:38: the gateway "10.0.1.1" is not in 10.0.0.0/24
    a: { subnet: 10.0.0.0/24, gateway: 10.0.1.1 }
                                       ^~~~~~~~
<stdin>:4:38: the gateway "10.0.2.255" is the broadcast address of 10.0.2.0/24
    b: { subnet: 10.0.2.0/24, gateway: 10.0.2.255 }
                                       ^~~~~~~~~~`,
  },
  {
    title: 'one subnet for two networks',
    yaml: `dom0: { xen1: , xen2: }
networks:
  a: { subnet: 10.0.0.0/24 }
  b: { subnet: 10.0.0.0/24 }
`,
    said: `<stdin>:4:16: 10.0.0.0/24 is the subnet of network "a" too
    b: { subnet: 10.0.0.0/24 }
                 ^~~~~~~~~~~`,
  },
  {
    title: 'a vlan that is none',
    yaml: `dom0: { xen1: , xen2: }
networks: { a: { subnet: 10.0.0.0/24, vlan: 4095 }, b: { subnet: 10.0.1.0/24, vlan: 1.5 } }
`,
    said: `<stdin>:2:45: vlan must be at most 4094, not 4095
  networks: { a: { subnet: 10.0.0.0/24, vlan: 4095 }, b: { subnet: 10.0.1.0/24, vlan: 1.5 } }
                                              ^~~~
<stdin>:2:85: vlan must be a whole number, not 1.5
  networks: { a: { subnet: 10.0.0.0/24, vlan: 4095 }, b: { subnet: 10.0.1.0/24, vlan: 1.5 } }
                                                                                      ^~~`,
  },
  {
    title: 'a network without a subnet',
    yaml: `dom0: { xen1: , xen2: }
networks: { lan: { gateway: 10.0.0.1 } }
`,
    said: `<stdin>:2:13: "subnet" is missing
  networks: { lan: { gateway: 10.0.0.1 } }
              ^~~`,
  },
]);
