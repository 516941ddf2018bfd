import { addHost } from './add-host.ts';
import { aptRepository } from './apt-repository.ts';
import { archive } from './archive.ts';
import { assert } from './assert.ts';
import { authorizedKey } from './authorized-key.ts';
import { blockinfile } from './blockinfile.ts';
import { command } from './command.ts';
import { copy } from './copy.ts';
import { cron } from './cron.ts';
import { debug } from './debug.ts';
import { fail } from './fail.ts';
import { fetch } from './fetch.ts';
import { file } from './file.ts';
import { find } from './find.ts';
import { firewall } from './firewall.ts';
import { getUrl } from './get-url.ts';
import { git } from './git.ts';
import { group } from './group.ts';
import { groupBy } from './group-by.ts';
import { hostname } from './hostname.ts';
import { hostsEntry } from './hosts-entry.ts';
import { iftab } from './iftab.ts';
import { ini } from './ini.ts';
import { interfaces } from './interfaces.ts';
import { ipRules } from './ip-rules.ts';
import { knownHosts } from './known-hosts.ts';
import { limits } from './limits.ts';
import { lineinfile } from './lineinfile.ts';
import { locale } from './locale.ts';
import { modprobe } from './modprobe.ts';
import { mount } from './mount.ts';
import { packageStep } from './package.ts';
import { pause } from './pause.ts';
import { raw } from './raw.ts';
import { reboot } from './reboot.ts';
import { replace } from './replace.ts';
import { rtTables } from './rt-tables.ts';
import { script } from './script.ts';
import { service } from './service.ts';
import { setFact } from './set-fact.ts';
import { shell } from './shell.ts';
import { slurp } from './slurp.ts';
import { stat } from './stat.ts';
import type { Step } from './step.ts';
import { sysctl } from './sysctl.ts';
import { systemdUnit } from './systemd-unit.ts';
import { template } from './template.ts';
import { timer } from './timer.ts';
import { timezone } from './timezone.ts';
import { unarchive } from './unarchive.ts';
import { uri } from './uri.ts';
import { user } from './user.ts';
import { vifConfig } from './vif-config.ts';
import { vifRoutes } from './vif-routes.ts';
import { waitFor } from './wait-for.ts';
import { xl } from './xl.ts';

/** Every step, in the order in which `xpush steps` shows them. */
export const steps: readonly Step[] = [
  vifConfig,
  firewall,
  sysctl,
  vifRoutes,
  iftab,
  interfaces,
  rtTables,
  ipRules,
  xl,
  file,
  copy,
  getUrl,
  archive,
  unarchive,
  template,
  stat,
  find,
  slurp,
  fetch,
  lineinfile,
  blockinfile,
  replace,
  ini,
  hostsEntry,
  knownHosts,
  authorizedKey,
  limits,
  cron,
  locale,
  timezone,
  hostname,
  modprobe,
  mount,
  command,
  shell,
  script,
  raw,
  uri,
  git,
  packageStep,
  aptRepository,
  service,
  systemdUnit,
  timer,
  user,
  group,
  waitFor,
  pause,
  reboot,
  debug,
  assert,
  fail,
  setFact,
  addHost,
  groupBy,
];
