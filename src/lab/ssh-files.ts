import type { LabHost } from './lab.ts';

/** known_hosts of all hosts, by name and by address; sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
export function composeKnownHosts(hosts: readonly LabHost[]): string {
  return hosts
    .filter((host) => host.kind !== 'bare')
    .map((host) => `${[host.name, ...host.addresses].join(',')} ${host.hostKey}\n`)
    .join('');
}

/** An ssh_config(5) that knows every host by name and refuses any key but its own. */
export function composeSshConfig(
  hosts: readonly LabHost[],
  files: { readonly identity: string; readonly knownHosts: string },
): string {
  const aliases = hosts
    .filter((host) => host.addresses[0] !== undefined)
    .map((host) => `Host ${host.name}\n  HostName ${host.addresses[0]}\n`);
  return `${aliases.join('')}Host *
  User root
  IdentityFile "${files.identity}"
  IdentitiesOnly yes
  UserKnownHostsFile "${files.knownHosts}"
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  BatchMode yes
`;
}
