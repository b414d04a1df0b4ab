/**
 * Argument checks shared by the public functions. Order of a check: defaults → types → ranges → cross-field → native.
 * Messages read ``expected <what> for `name` but received <value> (<type>)``.
 */

const SHOWN_CHARS = 80;

/** A short text of any value, with its type; buffers by kind and length, never their content. */
export function describe(value: unknown): string {
  if (value === null) return 'null (null)';
  if (value === undefined) return 'undefined (undefined)';
  if (ArrayBuffer.isView(value)) {
    const { length } = value as unknown as { length?: number };
    return `${value.constructor.name}(${length ?? value.byteLength}) (object)`;
  }
  if (Array.isArray(value)) return `${clip(JSON.stringify(value, replaceBig) ?? '')} (array)`;
  if (typeof value === 'object') return `${value.constructor?.name ?? 'object'} (object)`;
  if (typeof value === 'function') return `${value.name || 'anonymous'} (function)`;
  if (typeof value === 'string') return `${clip(JSON.stringify(value))} (string)`;
  if (typeof value === 'bigint') return `${value}n (bigint)`;
  return `${String(value)} (${typeof value})`;
}

const replaceBig = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint'
    ? `${value}n`
    : typeof value === 'number' && !Number.isFinite(value)
      ? String(value)
      : value;
const clip = (text: string): string =>
  text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;

export function typeError(what: string, name: string, value: unknown): TypeError {
  return new TypeError(`expected ${what} for \`${name}\` but received ${describe(value)}`);
}

export function rangeError(what: string, name: string, value: unknown): RangeError {
  return new RangeError(`expected ${what} for \`${name}\` but received ${describe(value)}`);
}

/** Of `names` the one that `given` most likely meant; null when none is near (more than 2 edits and a third of it). */
export function nearest(given: string, names: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(given.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase());
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

/** Levenshtein distance over one row. */
function editDistance(a: string, b: string): number {
  const row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0];
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j];
      row[j] = Math.min(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] === b[j - 1] ? 0 : 1));
      diagonal = above;
    }
  }
  return row[b.length];
}

/** `value` as an options object: a plain object whose members are all in `names`. */
export function checkObject(
  value: unknown,
  name: string,
  names: readonly string[],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw typeError('an object', name, value);
  }
  for (const key of Object.keys(value)) {
    if (names.includes(key)) continue;
    const meant = nearest(key, names);
    throw new TypeError(
      `expected only ${names.map((n) => `\`${n}\``).join(', ')} in \`${name}\` but received \`${key}\`` +
        (meant ? `; did you mean \`${meant}\`?` : ''),
    );
  }
  return value as Record<string, unknown>;
}

export function checkInteger(
  value: unknown,
  name: string,
  [least, most]: readonly [number, number],
): number {
  const what = most === Number.MAX_SAFE_INTEGER ? `≥ ${least}` : `from ${least} to ${most}`;
  if (typeof value !== 'number') throw typeError(`an integer ${what}`, name, value);
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw rangeError(`an integer ${what}`, name, value);
  }
  return value;
}

/** A finite number in the closed range. */
export function checkNumber(
  value: unknown,
  name: string,
  [least, most]: readonly [number, number],
): number {
  const what = `a finite number from ${least} to ${most}`;
  if (typeof value !== 'number') throw typeError(what, name, value);
  if (!(value >= least && value <= most)) throw rangeError(what, name, value);
  return value;
}

export function checkString(value: unknown, name: string): string {
  if (typeof value !== 'string') throw typeError('a string', name, value);
  if (value === '') throw rangeError('a string that is not empty', name, value);
  return value;
}

export function checkBoolean(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw typeError('true or false', name, value);
  return value;
}

/** One of a closed list of strings; a near miss is suggested. */
export function checkOneOf<const T extends string>(
  value: unknown,
  name: string,
  allowed: readonly T[],
): T {
  const what = `one of ${allowed.map((a) => `'${a}'`).join(', ')}`;
  if (typeof value !== 'string') throw typeError(what, name, value);
  if ((allowed as readonly string[]).includes(value)) return value as T;
  const meant = nearest(value, allowed);
  const error = rangeError(what, name, value);
  if (meant) error.message += `; did you mean '${meant}'?`;
  throw error;
}
