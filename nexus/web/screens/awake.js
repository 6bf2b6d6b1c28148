/** A screen that stays on. */

/** Keep the screen on until `signal`, as far as the browser can: over plain HTTP it cannot. The system ends a lock when
 * the page is out of sight, so it is asked again when the page is seen again. */
export function stayAwake(signal) {
  if (!navigator.wakeLock) return;
  let lock = null;
  const ask = async () => {
    if (document.visibilityState !== "visible" || signal.aborted) return;
    try {
      lock = await navigator.wakeLock.request("screen");
      if (signal.aborted) lock.release();
    } catch (error) {
      // Refused, as by a battery that is low: the system then decides, as it would without this page.
      if (error.name !== "NotAllowedError") throw error;
    }
  };
  document.addEventListener("visibilitychange", ask, { signal });
  signal.addEventListener("abort", () => lock?.release());
  ask();
}
