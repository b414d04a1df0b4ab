/** Listeners by name of event. */
export class Events<Map extends object> {
  readonly #listeners = new globalThis.Map<keyof Map, Set<(event: never) => void>>();

  /** Returns what takes the listener off again. */
  on<Name extends keyof Map>(name: Name, listener: (event: Map[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  emit<Name extends keyof Map>(name: Name, event: Map[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      (listener as (event: Map[Name]) => void)(event);
    }
  }
}
