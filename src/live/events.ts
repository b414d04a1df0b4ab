/** Listeners by name of event. A listener that throws is counted and reaches neither the others nor the session. */
export class TypedEvents<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();
  readonly #onError: () => void;

  constructor(onError: () => void) {
    this.#onError = onError;
  }

  /** Returns what takes the listener off again. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // An entry of its own for each call: the same function may listen twice.
    const entry = (event: Events[Name]): void => listener(event);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as (event: Events[Name]) => void)(event);
      } catch {
        this.#onError();
      }
    }
  }
}
