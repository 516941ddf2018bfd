import { isIP } from 'node:net';

/**
 * Whether a step may name this file: absolute, of whole characters, at most 4095 bytes (PATH_MAX),
 * no newline, since listings are read line by line.
 */
export function isHostPath(path: string): boolean {
  return (
    path.startsWith('/') && !/[\0\n]|\p{Surrogate}/u.test(path) && Buffer.byteLength(path) <= 4095
  );
}

/** The path; throws when it is none. */
export function checkedPath(path: string): string {
  if (!isHostPath(path)) throw new Error(`not the path of a file: ${JSON.stringify(path)}`);
  return path;
}

/** The path of a directory, without slashes at its end; throws when it is none. */
export function trimmedPath(path: string): string {
  return checkedPath(path).replace(/\/+$/, '');
}

/** The name of a command; throws when it is none. */
export function checkedTool(name: string): string {
  if (!/^\w[\w.+-]*$/.test(name)) throw new Error(`not the name of a command: ${name}`);
  return name;
}

/**
 * `/proc/sys` path of a sysctl name. As in sysctl.d(5): where dots separate, a dot inside an
 * interface name is written as a slash. Throws for names that leave /proc/sys.
 */
export function parameterPath(name: string): string {
  if (!/^[\w@-]+([./][\w@-]+)+$/.test(name)) throw new Error(`not a kernel parameter: ${name}`);
  const hasSlashes = /^[^.]*\//.test(name);
  const swap = (separator: string) => (separator === '.' ? '/' : '.');
  return `/proc/sys/${hasSlashes ? name : name.replace(/[./]/g, swap)}`;
}

/** A kernel parameter's text with its blanks as single spaces: the kernel prints tabs (proc(5)). */
export function normalParameter(text: string): string {
  return text
    .split(/[ \t\n]+/)
    .filter((word) => word !== '')
    .join(' ');
}

/** The address, of either family; throws when it is none. */
export function checkedAddress(address: string): string {
  if (isIP(address) === 0 || address.includes('%')) throw new Error(`not an address: ${address}`);
  return address;
}

/** The name of an interface (at most 15 bytes, IFNAMSIZ); throws when no step may name it. */
export function checkedInterface(name: string): string {
  if (!/^[\w.][\w.:@-]{0,14}$/.test(name)) throw new Error(`not an interface: ${name}`);
  return name;
}

/** The end of a file's name, such as `.cfg`; throws when it is none. */
export function checkedSuffix(suffix: string): string {
  if (/[/\0\n]|\p{Surrogate}/u.test(suffix)) throw new Error(`not the end of a name: ${suffix}`);
  return suffix;
}

/** Whether a path is a directory's own, or below it, by its name alone. */
export function isWithin(path: string, directory: string): boolean {
  if (path === directory) return true;
  return directory.endsWith('/')
    ? path.startsWith(directory.replace(/\/*$/, '/'))
    : path.startsWith(directory) && path[directory.length] === '/';
}
