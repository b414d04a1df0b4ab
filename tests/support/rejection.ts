/** The error that a promise rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  const settled = await promise.then(
    () => null,
    (error: unknown) => ({ error }),
  );
  if (!settled) throw new Error('expected a rejection');
  if (!(settled.error instanceof Error)) throw new Error('expected an Error');
  return settled.error;
}

/** The error that a call throws; fails when it does not. */
export function thrown(call: () => unknown): Error & { code?: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('expected an Error to be thrown');
}
