const noBackup = '`xpush rollback` takes a run back; no copies are left beside files';
/** Why files are not validated before they are in place. */
export const noValidation =
  'test the file with a `command` task, and `notify` what reads it only then';
/** Why parameters of modules that write files are not here. */
export const files = {
  backup: noBackup,
  force: 'a file that is there is always made as described: use `when` with `stat`',
  unsafe_writes: 'files are always replaced whole',
  remote_src: 'write `command: { argv: [cp, ...], creates: ... }`',
  decrypt: 'encrypt values with `!vault` or `!secret`',
};
const asTheyAre = 'SELinux labels and attributes of chattr stay as they are';
/** Parameters about labels, which no step sets. */
export const labels = {
  ...{ selevel: asTheyAre, serole: asTheyAre, setype: asTheyAre, seuser: asTheyAre },
  ...{ attributes: asTheyAre, attr: asTheyAre },
};
/** Parameters that say nothing of files that are always written so. */
export const sureOfFiles = { unsafe_writes: files.unsafe_writes, decrypt: files.decrypt };
/** Parameters that say nothing where the manager is found out. */
export const packaged = {
  force_apt_get: 'there is no Python apt to choose',
  use: 'the host says which manager it has',
  use_backend: 'the host says which manager it has',
};
/** What to do where there is no step. */
export const asCommand = 'write a `command` task with `creates`, `unless` or `changed_when`';
