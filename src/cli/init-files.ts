const inventory = `# The fleet: which hosts there are, and what is known of them.
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }

vars:
  contact: ops@example.org

dom0:
  xen1:
    address: 192.168.0.100
    uplink: eth0

domU:
  web1:
    dom0: xen1
    names: iftab
    network_config: ifupdown
    vifs:
      - { mac: "00:16:3e:00:00:10", ip: 192.168.0.200 }
      - { mac: "00:16:3e:00:00:11", ip: 192.168.0.201 }
    allow:
      - { proto: tcp, ports: [80, 443] }

groups:
  web:
    hosts: [web1]
    vars: { purpose: serves the web site }

# what xpush apply runs unless another playbook is named
playbook: site.yaml
`;

const site = `# What is done, in this order.
- name: Xen hosts
  hosts: dom0
  tags: network
  tasks:
    - name: The guests' vif lists
      vif_config:
    - name: Forwarding rules for the guests
      firewall:
    - name: Forwarding and proxy ARP
      sysctl:
    - name: IPv6 routes to the guests
      vif_routes:

- name: Guests
  hosts: domU
  tags: network
  tasks:
    - name: Interface names
      iftab:
    - name: Interfaces at boot
      interfaces:
    - name: Names of the routing tables
      rt_tables:
    - name: Routes and rules
      ip_rules:

- name: All hosts
  hosts: all
  roles:
    - motd
`;

const tasks = `- name: The message of the day
  template:
    src: motd.j2
    dest: /etc/motd
    mode: "0644"
  tags: motd
`;

const motd = `{{ inventory_hostname }} {{ purpose }}.
Its message of the day is written by xpush; ask {{ contact }}.
`;

const readme = `# A fleet, by xpush

| file | what it holds |
| --- | --- |
| \`inventory.yaml\` | the hosts, their groups and their variables |
| \`site.yaml\` | what is done to which of them, in order |
| \`roles/motd/\` | a role: its tasks, its templates, and what its variables are unless somebody says otherwise |

Look at what there is, and at where a variable has its value from; nobody is contacted:

    xpush inventory inventory.yaml
    xpush inventory inventory.yaml --host web1 --explain purpose
    xpush apply inventory.yaml --list-tasks

See what would change, and change it:

    xpush apply inventory.yaml --check --diff
    xpush apply inventory.yaml
    xpush apply inventory.yaml --tags motd --limit web

A command on all of them, and a single step:

    xpush run inventory.yaml all -- uptime
    xpush exec inventory.yaml web copy dest=/etc/issue content='Welcome.' --check --diff

No hosts yet? In a checkout of xpush, the lab makes this fleet of network namespaces on one machine:

    npm run lab -- up --inventory /path/to/inventory.yaml
    npm run lab -- run bin/xpush apply /path/to/inventory.yaml
    npm run lab -- down
`;

/** A project that works, by the paths of its files. */
export const initFiles: Readonly<Record<string, string>> = {
  'inventory.yaml': inventory,
  'site.yaml': site,
  'roles/motd/tasks/main.yaml': tasks,
  'roles/motd/defaults/main.yaml': 'purpose: is one of our hosts\n',
  'roles/motd/templates/motd.j2': motd,
  'README.md': readme,
};
