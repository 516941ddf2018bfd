/**
 * Polls until it is so, most of the time at rest, as asking may be to read all of /proc or a process on a host.
 *
 * @param timeoutMs long by default: what is waited for takes as long as a busy machine makes it
 * @throws {Error} with the text of `isSo`, when it is not so in time
 */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  for (const start = performance.now(); ; ) {
    const asked = performance.now();
    if (await isSo()) return;
    const now = performance.now();
    if (now - start > timeoutMs) throw new Error(`not after ${timeoutMs} ms: ${isSo}`);
    const pauseMs = Math.min(Math.max(10, 3 * (now - asked)), 200);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
