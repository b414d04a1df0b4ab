/** What the processor can do, as far as it decides how INT8 graphs are run. */
import { readFile } from 'node:fs/promises';

/** What INT8 products are fast and exact with on x86, as /proc/cpuinfo names it. */
export const VNNI = ['avx512_vnni', 'avx_vnni'] as const;

let flags: Promise<ReadonlySet<string> | null> | undefined;

/** Words of the processor's features, read once; null where they cannot be read. */
export const readCpuFlags = (): Promise<ReadonlySet<string> | null> => (flags ??= readFlags());

async function readFlags(): Promise<ReadonlySet<string> | null> {
  try {
    const text = await readFile('/proc/cpuinfo', 'utf8');
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(text);
    return line ? new Set(line[1].trim().split(/\s+/)) : null;
  } catch {
    return null;
  }
}

/**
 * x86 processors without VNNI add products of signed weights in 16 bits, which saturate. ONNX Runtime must then be told to
 * take unsigned weights, and must not be told elsewhere: it would obey, and convolutions take almost three times as long.
 */
export const signedWeightsSaturate = (flags: ReadonlySet<string> | null): boolean =>
  process.arch === 'x64' && !VNNI.some((name) => flags?.has(name));
