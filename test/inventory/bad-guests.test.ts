import { refusals } from './refusals.ts';

refusals('guests', [
  {
    title: 'a guest without a dom0',
    yaml: `dom0: { xen1: }
domU:
  web: { vifs: [] }
`,
    said: `<stdin>:3:3: "dom0" is missing
    web: { vifs: [] }
    ^~~`,
  },
  {
    title: 'an unknown dom0',
    yaml: `dom0: { xen1: }
hosts: { db: }
domU:
  web: { dom0: xen2 }
  mail: { dom0: db }
`,
    said: `<stdin>:4:16: unknown dom0 "xen2"
    web: { dom0: xen2 }
                 ^~~~
  hint: did you mean "xen1"?
<stdin>:5:17: unknown dom0 "db"
    mail: { dom0: db }
                  ^~
  hint: "db" is a plain host`,
  },
  {
    title: 'no dom0 at all',
    yaml: `domU: { web: { dom0: control } }
`,
    said: `<stdin>:1:22: unknown dom0 "control"
  domU: { web: { dom0: control } }
                       ^~~~~~~
  hint: add it: dom0: { control: {} }`,
  },
  {
    title: 'ways that are none',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    names: udevd
    network_config: netplann
`,
    said: `<stdin>:6:12: names must be iftab, udev, link or none, not "udevd"
      names: udevd
             ^~~~~
  hint: did you mean "udev"?
<stdin>:7:21: network_config must be ifupdown, networkd or netplan, not "netplann"
      network_config: netplann
                      ^~~~~~~~
  hint: did you mean "netplan"?`,
  },
  {
    title: 'a vif without an address, and one with both keys',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { mac: "00:16:3e:00:00:01" }
      - { ip: 10.0.0.5, ips: [10.0.0.6] }
`,
    said: `<stdin>:7:9: a vif must have "ip" or "ips"
        - { mac: "00:16:3e:00:00:01" }
          ^~~~~~~~~~~~~~~~~~~~~~~~~~~~
<stdin>:8:9: a vif has "ip" or "ips", not both
        - { ip: 10.0.0.5, ips: [10.0.0.6] }
          ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~`,
  },
  {
    title: 'wrong MACs',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { mac: 00-16-3e-00-00-01, ip: 10.0.0.5 }
      - { mac: "01:00:5e:00:00:01", ip: 10.0.0.6 }
      - { mac: "00:00:00:00:00:00", ip: 10.0.0.7 }
`,
    said: `<stdin>:7:16: "00-16-3e-00-00-01" is not a MAC address
        - { mac: 00-16-3e-00-00-01, ip: 10.0.0.5 }
                 ^~~~~~~~~~~~~~~~~
  hint: write six pairs of hex digits: "00:16:3e:12:34:56"
<stdin>:8:16: "01:00:5e:00:00:01" is a multicast MAC address
        - { mac: "01:00:5e:00:00:01", ip: 10.0.0.6 }
                 ^~~~~~~~~~~~~~~~~~~
  hint: the first pair must be even
<stdin>:9:16: "00:00:00:00:00:00" is not the MAC address of an interface
        - { mac: "00:00:00:00:00:00", ip: 10.0.0.7 }
                 ^~~~~~~~~~~~~~~~~~~`,
  },
  {
    title: 'a MAC that two vifs have',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { mac: "00:16:3e:00:00:01", ip: 10.0.0.5 }
      - { mac: "00:16:3E:00:00:01", ip: 10.0.0.6 }
`,
    said: `<stdin>:8:16: the MAC 00:16:3e:00:00:01 of web/eth1 is that of web/eth0 too
        - { mac: "00:16:3E:00:00:01", ip: 10.0.0.6 }
                 ^~~~~~~~~~~~~~~~~~~
  hint: write another mac; first at <stdin>:7:16`,
  },
  {
    title: 'a written MAC that another guest derives',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web: { dom0: xen1, vifs: [ { ip: 10.0.0.5 } ] }
  mail: { dom0: xen1, vifs: [ { ip: 10.0.0.6, mac: "00:16:3e:75:ff:30" } ] }
`,
    said: `<stdin>:5:52: the MAC 00:16:3e:75:ff:30 of mail/eth0 is that of web/eth0 too
    mail: { dom0: xen1, vifs: [ { ip: 10.0.0.6, mac: "00:16:3e:75:ff:30" } ] }
                                                     ^~~~~~~~~~~~~~~~~~~
  hint: write another mac; first at <stdin>:4:30`,
  },
  {
    title: 'an address that two guests have',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web: { dom0: xen1, vifs: [ { ip: 10.0.0.5 } ] }
  mail: { dom0: xen1, vifs: [ { ips: [10.0.0.6, 10.0.0.5] } ] }
`,
    said: `<stdin>:5:49: the address 10.0.0.5 of mail is that of web too
    mail: { dom0: xen1, vifs: [ { ips: [10.0.0.6, 10.0.0.5] } ] }
                                                  ^~~~~~~~
  hint: first at <stdin>:4:36`,
  },
  {
    title: 'the address of its own dom0',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { ip: 10.0.0.100 }
`,
    said: `<stdin>:2:26: the address 10.0.0.100 of xen1 is that of web too
  dom0: { xen1: { address: 10.0.0.100 } }
                           ^~~~~~~~~~
  hint: the other is at <stdin>:7:15`,
  },
  {
    title: 'an address outside every network',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { ip: 10.0.1.5 }
`,
    said: `<stdin>:7:15: "10.0.1.5" is in no network of the inventory
        - { ip: 10.0.1.5 }
                ^~~~~~~~
  hint: known: lan (10.0.0.0/24)`,
  },
  {
    title: 'an address when there are no networks',
    yaml: `dom0: { xen1: { address: 10.0.0.100 } }
domU: { web: { dom0: xen1, vifs: [ { ip: 10.0.0.5 } ] } }
`,
    said: `<stdin>:2:42: "10.0.0.5" is in no network of the inventory
  domU: { web: { dom0: xen1, vifs: [ { ip: 10.0.0.5 } ] } }
                                           ^~~~~~~~
  hint: add its network: networks: { lan: { subnet: 192.168.0.0/24 } }`,
  },
  {
    title: 'the network address, the broadcast address and the gateway',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { ip: 10.0.0.0 }
      - { ip: 10.0.0.255 }
      - { ip: 10.0.0.1 }
`,
    said: `<stdin>:7:15: "10.0.0.0" is the network address of 10.0.0.0/24
        - { ip: 10.0.0.0 }
                ^~~~~~~~
<stdin>:8:15: "10.0.0.255" is the broadcast address of 10.0.0.0/24
        - { ip: 10.0.0.255 }
                ^~~~~~~~~~
<stdin>:9:15: "10.0.0.1" is the gateway of 10.0.0.0/24
        - { ip: 10.0.0.1 }
                ^~~~~~~~`,
  },
  {
    title: 'two networks on one vif',
    yaml: `networks: { a: { subnet: 10.0.0.0/24 }, b: { subnet: 10.0.1.0/24 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web: { dom0: xen1, vifs: [ { ips: [10.0.0.5, 10.0.1.5] } ] }
`,
    said: `<stdin>:4:48: "10.0.1.5" is in network "b", and the vif's first address in "a"
    web: { dom0: xen1, vifs: [ { ips: [10.0.0.5, 10.0.1.5] } ] }
                                                 ^~~~~~~~
  hint: give it a vif of its own`,
  },
  {
    title: 'four vifs on Xen 3.0',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { xen: { version: "3.0.3" } } }
domU:
  web:
    dom0: xen1
    vifs: [ { ip: 10.0.0.5 }, { ip: 10.0.0.6 }, { ip: 10.0.0.7 }, { ip: 10.0.0.8 } ]
`,
    said: `<stdin>:6:67: web has 4 vifs, and Xen 3.0 allows 3
      vifs: [ { ip: 10.0.0.5 }, { ip: 10.0.0.6 }, { ip: 10.0.0.7 }, { ip: 10.0.0.8 } ]
                                                                    ^~~~~~~~~~~~~~~~
  hint: put several addresses on one vif: ips: [10.0.0.5, 10.0.0.6, 10.0.0.7, 10.0.0.8]`,
  },
  {
    title: 'four vifs of both families on Xen 3.0',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24 }, lan6: { subnet: "2001:db8::/64" } }
dom0: { xen1: { xen: { version: "3.0.3" } } }
domU:
  web:
    dom0: xen1
    vifs: [ { ip: 10.0.0.5 }, { ip: "2001:db8::5" }, { ip: 10.0.0.7 }, { ip: 10.0.0.8 } ]
`,
    said: `<stdin>:6:72: web has 4 vifs, and Xen 3.0 allows 3
      vifs: [ { ip: 10.0.0.5 }, { ip: "2001:db8::5" }, { ip: 10.0.0.7 }, { ip: 10.0.0.8 } ]
                                                                         ^~~~~~~~~~~~~~~~
  hint: put several addresses on one vif: ips: [10.0.0.5, "2001:db8::5", 10.0.0.7, 10.0.0.8]`,
  },
  {
    title: 'a table id that another vif derives',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { ip: 10.0.0.5 }
      - { ip: 10.0.0.6, table: { id: 16, name: eth0-5 } }
`,
    said: `<stdin>:8:38: the table id 16 of eth1 is that of eth0 too
        - { ip: 10.0.0.6, table: { id: 16, name: eth0-5 } }
                                       ^~
  hint: first at <stdin>:7:9
<stdin>:8:48: the table name eth0-5 of eth1 is that of eth0 too
        - { ip: 10.0.0.6, table: { id: 16, name: eth0-5 } }
                                                 ^~~~~~
  hint: first at <stdin>:7:9`,
  },
  {
    title: 'table ids and names that are taken',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { ip: 10.0.0.5, table: { id: 253, name: main } }
      - { ip: 10.0.0.6, table: { id: 0, name: "a b" } }
`,
    said: `<stdin>:7:38: id must be at most 252, not 253
        - { ip: 10.0.0.5, table: { id: 253, name: main } }
                                       ^~~
<stdin>:7:49: "main" is a reserved table name
        - { ip: 10.0.0.5, table: { id: 253, name: main } }
                                                  ^~~~
<stdin>:8:38: id must be at least 1, not 0
        - { ip: 10.0.0.6, table: { id: 0, name: "a b" } }
                                       ^
<stdin>:8:47: "a b" is not a table name
        - { ip: 10.0.0.6, table: { id: 0, name: "a b" } }
                                                ^~~~~
  hint: use letters, digits, "_", "." and "-", a letter first`,
  },
  {
    title: 'interface names that the kernel refuses',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { ip: 10.0.0.5, iface: "eth0;reboot" }
      - { ip: 10.0.0.6, iface: averylonginterface }
      - { ip: 10.0.0.7, iface: "eth0:1", vifname: -x }
      - { ip: 10.0.0.8, iface: all }
`,
    said: `<stdin>:7:32: "eth0;reboot" is not an interface name
        - { ip: 10.0.0.5, iface: "eth0;reboot" }
                                 ^~~~~~~~~~~~~
  hint: use letters, digits, "_", "." and "-", such as eth0
<stdin>:8:32: "averylonginterface" has 18 characters, and an interface name at most 15
        - { ip: 10.0.0.6, iface: averylonginterface }
                                 ^~~~~~~~~~~~~~~~~~
<stdin>:9:32: "eth0:1" is not an interface name
        - { ip: 10.0.0.7, iface: "eth0:1", vifname: -x }
                                 ^~~~~~~~
  hint: use letters, digits, "_", "." and "-", such as eth0
<stdin>:9:51: "-x" is not an interface name
        - { ip: 10.0.0.7, iface: "eth0:1", vifname: -x }
                                                    ^~
  hint: use letters, digits, "_", "." and "-", such as eth0
<stdin>:10:32: "all" is reserved and names no interface
        - { ip: 10.0.0.8, iface: all }
                                 ^~~`,
  },
  {
    title: 'one interface name for two vifs',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { ip: 10.0.0.5, iface: eth1 }
      - { ip: 10.0.0.6 }
`,
    said: `<stdin>:8:9: the interface eth1 of vif 1 is that of vif 0 too
        - { ip: 10.0.0.6 }
          ^~~~~~~~~~~~~~~~
  hint: first at <stdin>:7:32`,
  },
  {
    title: 'one vifname for two guests of a dom0',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web: { dom0: xen1, vifs: [ { ip: 10.0.0.5, vifname: front } ] }
  mail: { dom0: xen1, vifs: [ { ip: 10.0.0.6, vifname: front } ] }
`,
    said: `<stdin>:5:56: the vifname front of mail/eth0 is that of web/eth0 too
    mail: { dom0: xen1, vifs: [ { ip: 10.0.0.6, vifname: front } ] }
                                                         ^~~~~
  hint: first at <stdin>:4:55`,
  },
  {
    title: 'one configuration file for two guests',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web: { dom0: xen1 }
  mail: { dom0: xen1, config: /etc/xen/web.cfg }
`,
    said: `<stdin>:5:31: the configuration file /etc/xen/web.cfg of mail is that of web too
    mail: { dom0: xen1, config: /etc/xen/web.cfg }
                                ^~~~~~~~~~~~~~~~
  hint: first at <stdin>:4:3`,
  },
  {
    title: 'a bridge that no script uses',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { ip: 10.0.0.5, bridge: xenbr0 }
`,
    said: `<stdin>:7:33: bridge has no effect with the script vif-route
        - { ip: 10.0.0.5, bridge: xenbr0 }
                                  ^~~~~~
  hint: say which script uses it: script: vif-bridge`,
  },
  {
    title: 'a rate, a model and a script that Xen would not take',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { ip: 10.0.0.5, rate: 10 Mb, model: "e 1000", script: "vif-route; reboot" }
`,
    said: `<stdin>:7:31: "10 Mb" is not a rate
        - { ip: 10.0.0.5, rate: 10 Mb, model: "e 1000", script: "vif-route; reboot" }
                                ^~~~~
  hint: such as 10Mb/s or 1MB/s@20ms
<stdin>:7:45: "e 1000" is not a model of network card
        - { ip: 10.0.0.5, rate: 10 Mb, model: "e 1000", script: "vif-route; reboot" }
                                              ^~~~~~~~
  hint: such as e1000
<stdin>:7:63: "vif-route; reboot" is not the name of a vif script
        - { ip: 10.0.0.5, rate: 10 Mb, model: "e 1000", script: "vif-route; reboot" }
                                                                ^~~~~~~~~~~~~~~~~~~
  hint: such as vif-route`,
  },
  {
    title: 'a relative path of a configuration file',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU: { web: { dom0: xen1, config: ../web.cfg } }
`,
    said: `<stdin>:3:36: "../web.cfg" is not an absolute path
  domU: { web: { dom0: xen1, config: ../web.cfg } }
                                     ^~~~~~~~~~
  hint: such as /etc/xen/webserv.cfg`,
  },
  {
    title: 'an allow list without a value',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { ip: 10.0.0.5 }
    allow:
`,
    said: `<stdin>:8:5: allow has no value
      allow:
      ^~~~~
  hint: give it a list, or leave the key out`,
  },
  {
    title: 'wrong entries of an allow list',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs:
      - { ip: 10.0.0.5 }
    allow:
      - { proto: tpc, ports: [http, "80,443", 0, "90-80"] }
      - { ports: 80 }
      - { proto: icmp, ports: 8 }
      - { proto: tcp, from: [lann, 10.0.0.5/24, 10.0.0.300], to: 10.0.0.6 }
      - { proto: tcp, direction: inn, to: 10.0.0.5 }
`,
    said: `<stdin>:9:18: proto must be tcp, udp or icmp, not "tpc"
        - { proto: tpc, ports: [http, "80,443", 0, "90-80"] }
                   ^~~
  hint: did you mean "tcp"?
<stdin>:9:31: "http" is not a port or a range of ports
        - { proto: tpc, ports: [http, "80,443", 0, "90-80"] }
                                ^~~~
  hint: write a number of 1-65535, or a range: "1024-65535"
<stdin>:9:37: "80,443" is not a port or a range of ports
        - { proto: tpc, ports: [http, "80,443", 0, "90-80"] }
                                      ^~~~~~~~
  hint: write a list: [80, 443]
<stdin>:9:47: ports[2] must be at least 1, not 0
        - { proto: tpc, ports: [http, "80,443", 0, "90-80"] }
                                                ^
<stdin>:9:50: "90-80" is not a port or a range of ports
        - { proto: tpc, ports: [http, "80,443", 0, "90-80"] }
                                                   ^~~~~~~
  hint: write a number of 1-65535, or a range: "1024-65535"
<stdin>:10:9: "proto" is missing
        - { ports: 80 }
          ^~~~~~~~~~~~~
<stdin>:11:24: icmp has no ports
        - { proto: icmp, ports: 8 }
                         ^~~~~
<stdin>:12:30: unknown network or host "lann"
        - { proto: tcp, from: [lann, 10.0.0.5/24, 10.0.0.300], to: 10.0.0.6 }
                               ^~~~
  hint: did you mean "lan"?
<stdin>:12:36: "10.0.0.5/24" is not the beginning of a network
        - { proto: tcp, from: [lann, 10.0.0.5/24, 10.0.0.300], to: 10.0.0.6 }
                                     ^~~~~~~~~~~
  hint: did you mean "10.0.0.0/24"?
<stdin>:12:49: "10.0.0.300" is not an IPv4 address
        - { proto: tcp, from: [lann, 10.0.0.5/24, 10.0.0.300], to: 10.0.0.6 }
                                                  ^~~~~~~~~~
<stdin>:13:34: direction must be in or out, not "inn"
        - { proto: tcp, direction: inn, to: 10.0.0.5 }
                                   ^~~
  hint: did you mean "in"?`,
  },
  {
    title: 'a rule of a dom0 for what is no whole network',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0:
  xen1: { firewall: { rules: [ { proto: tcp, ports: 22, to: [lan, 10.0.0.5, 10.0.0.5/24, lann] } ] } }
`,
    said: `<stdin>:3:77: "10.0.0.5/24" is not the beginning of a network
    xen1: { firewall: { rules: [ { proto: tcp, ports: 22, to: [lan, 10.0.0.5, 10.0.0.5/24, lann] } ] } }
                                                                              ^~~~~~~~~~~
  hint: did you mean "10.0.0.0/24"?
<stdin>:3:90: unknown network or host "lann"
    xen1: { firewall: { rules: [ { proto: tcp, ports: 22, to: [lan, 10.0.0.5, 10.0.0.5/24, lann] } ] } }
                                                                                           ^~~~
  hint: did you mean "lan"?`,
  },
  {
    title: 'a closed guest without vifs, which would close nothing',
    yaml: `dom0: { xen1: {} }
domU: { web: { dom0: xen1, allow: [] } }
`,
    said: `<stdin>:2:28: allow closes the addresses of vifs, and web has no vifs
  domU: { web: { dom0: xen1, allow: [] } }
                             ^~~~~
  hint: write its vifs, or leave allow out`,
  },
  {
    title: 'a rule of a dom0 that names no guest',
    yaml: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0:
  xen1: { firewall: { rules: [ { proto: tcp, ports: 22 } ], admin: [office] } }
`,
    said: `<stdin>:3:32: a rule for all guests must say "to"
    xen1: { firewall: { rules: [ { proto: tcp, ports: 22 } ], admin: [office] } }
                                 ^~~~~~~~~~~~~~~~~~~~~~~~~
  hint: name the guest: to: 192.168.0.200
<stdin>:3:69: unknown network or host "office"
    xen1: { firewall: { rules: [ { proto: tcp, ports: 22 } ], admin: [office] } }
                                                                      ^~~~~~
  hint: write a network such as 192.168.0.0/24`,
  },
]);
