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
    title: 'an IPv6 network',
    yaml: `dom0: { xen1: , xen2: }
networks:
  lan: { subnet: "2001:db8::/64", gateway: "2001:db8::1" }
`,
    said: `<stdin>:3:18: the IPv6 network "2001:db8::/64" is not supported by xpush 0.1
    lan: { subnet: "2001:db8::/64", gateway: "2001:db8::1" }
                   ^~~~~~~~~~~~~~~
  hint: write an IPv4 network
<stdin>:3:44: the IPv6 address "2001:db8::1" is not supported by xpush 0.1
    lan: { subnet: "2001:db8::/64", gateway: "2001:db8::1" }
                                             ^~~~~~~~~~~~~
  hint: write an IPv4 address, such as 192.168.0.200`,
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
