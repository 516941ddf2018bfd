export const step = ({ defineStep, query, refuse, described, hostPath, v }) =>
  defineStep({
    name: 'disk_room',
    summary: 'Fails unless a file system has room.',
    on: ['dom0', 'domU', 'host'],
    params: v.strictObject({
      path: described(hostPath, 'A path in the file system.'),
      needed_mb: described(v.pipe(v.number(), v.minValue(1)), 'How much must be free, in MB.'),
    }),

    // what other tasks write makes no difference
    queries: (_target, { path }) => ({
      df: query.output(['df', '-Pk', path], { readsOnly: [] }),
    }),

    plan: (_target, { path, needed_mb: needed }, { df }) => {
      const free = Number(/\s(\d+)\s+\d+%/.exec(df.stdout)?.[1]);
      if (df.status !== 0 || Number.isNaN(free)) return refuse(`df says nothing of ${path}`);
      const freeMb = Math.floor(free / 1024);
      return freeMb < needed
        ? refuse(`${path} has ${freeMb} MB left`, `${needed} MB are needed`)
        : { changes: [], data: { free_mb: freeMb } };
    },
  });
