import type { ModuleEntry } from './module-entry.ts';
import { asCommand } from './module-reasons.ts';

const ownPython = 'no Python runs on a host';

/** Ansible's modules that no step stands for, and what to do instead. */
export const modulesWithoutStep: readonly ModuleEntry[] = [
  {
    names: ['wait_for_connection'],
    step: null,
    note: 'a host that is away is waited for by `reboot`, and by `--connect-timeout`',
  },
  {
    names: ['apt_key'],
    step: null,
    note: 'a key belongs to its repository: give it to `apt_repository`',
  },
  {
    names: ['setup', 'gather_facts'],
    step: null,
    note: 'facts are gathered when something asks for them',
  },
  {
    names: ['include_vars'],
    step: null,
    note: 'name the file under `vars_files` of the play, or put it into `vars/main.yaml` of the role',
  },
  {
    names: ['ping'],
    step: null,
    note: '`xpush doctor` says whether a host answers',
  },
  { names: ['pip'], step: null, note: asCommand },
  { names: ['npm', 'gem', 'composer', 'make'], step: null, note: asCommand },
  {
    names: ['synchronize'],
    step: null,
    note: '`copy` sends directories, large files by their differences in checksums; or run rsync with `delegate_to: localhost`',
  },
  { names: ['tempfile'], step: null, note: 'a check could not tell its name: write one' },
  {
    names: ['iptables', 'firewalld', 'ufw', 'nftables'],
    step: null,
    note: 'guests of a dom0 have `allow` and the step `firewall`; else a file of rules with `copy` and `network: true`',
  },
  { names: ['seboolean', 'selinux', 'sefcontext'], step: null, note: asCommand },
  { names: ['alternatives', 'debconf', 'dpkg_selections'], step: null, note: asCommand },
  { names: ['lvg', 'lvol', 'filesystem', 'parted'], step: null, note: asCommand },
  {
    names: ['mysql_db', 'mysql_user', 'postgresql_db', 'postgresql_user', 'postgresql_ext'],
    step: null,
    note: 'write a `command` task with the client, and `unless`',
  },
  {
    names: ['docker_container', 'docker_image', 'docker_network', 'docker_compose_v2'],
    step: null,
    note: 'write a `command` task with the client, and `unless`',
  },
  {
    names: ['htpasswd', 'openssl_privatekey', 'openssl_csr', 'x509_certificate'],
    step: null,
    note: asCommand,
  },
  {
    names: ['package_facts', 'service_facts'],
    step: null,
    note: `steps look by themselves; ${ownPython}: ask with a \`command\` task and \`changes: never\``,
  },
  {
    names: ['async_status'],
    step: null,
    note: 'tasks are waited for; hosts run side by side anyway',
  },
];
