/** The access token: from the address (#token=…), then kept for this tab only. */
const KEY = 'sonotrack-token';

export function storedToken(): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    keepToken(given);
    // Out of the address, so that it is neither copied along nor kept in the history.
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(KEY) ?? undefined;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

/** Whether the server refuses us for want of a token; a WebSocket does not say why it was refused. */
export async function isTokenNeeded(token: string | undefined): Promise<boolean> {
  const headers: HeadersInit = token ? { authorization: `Bearer ${token}` } : {};
  try {
    return (await fetch('/api/session', { headers })).status === 401;
  } catch {
    return false;
  }
}
