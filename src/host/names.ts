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
