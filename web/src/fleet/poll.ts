import { useEffect, useState } from 'preact/hooks';
import { ask } from './api.ts';

/** What a path answers, asked again every `everyMs`; `failed` while the host does not answer. */
export function usePolled<T>(path: string, everyMs: number): { value: T | null; failed: boolean } {
  const [state, setState] = useState<{ path: string; value: T | null; failed: boolean }>({
    path,
    value: null,
    failed: false,
  });
  useEffect(() => {
    let ended = false;
    let timer = 0;
    const next = async (): Promise<void> => {
      try {
        const value = await ask<T>(path);
        if (!ended) setState({ path, value, failed: false });
      } catch {
        if (!ended) setState((before) => ({ ...before, failed: true }));
      }
      if (!ended) timer = window.setTimeout(() => void next(), everyMs);
    };
    void next();
    return () => {
      ended = true;
      window.clearTimeout(timer);
    };
  }, [path, everyMs]);
  return state.path === path ? state : { value: null, failed: state.failed };
}
