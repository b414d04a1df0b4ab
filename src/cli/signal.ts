/** Settles on the first SIGINT or SIGTERM, or after so many seconds; a second signal ends the process at once. */
export function untilSignal(seconds?: number): { signal: Promise<void>; dispose(): void } {
  let listener = (): void => undefined;
  const signal = new Promise<void>((resolve) => {
    listener = resolve;
  });
  const timer = seconds === undefined ? undefined : setTimeout(listener, seconds * 1000);
  process.once('SIGINT', listener).once('SIGTERM', listener);
  return {
    signal,
    dispose: () => {
      clearTimeout(timer);
      process.off('SIGINT', listener).off('SIGTERM', listener);
    },
  };
}
