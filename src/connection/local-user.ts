import { homedir, userInfo } from 'node:os';

/** The user on this machine: whose files are read, and the login name when nobody says another. */
export interface LocalUser {
  readonly name: string;
  readonly home: string;
  readonly id: number;
}

/** The user of this process, from the password database as in OpenSSH (not from $HOME). */
export function localUser(): LocalUser {
  try {
    const { username, homedir: home, uid } = userInfo();
    return { name: username, home, id: uid };
  } catch {
    // A user id without a password entry.
    const id = process.getuid?.() ?? 0;
    return { name: String(id), home: homedir(), id };
  }
}
