import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder of what waits for the broker. The embedded broker ends with the process, and so does its folder; else it lies
 * in the user's state folder, by device.
 */
export async function openTelemetryDir(options: {
  telemetryDir?: string;
  deviceId: string;
  embeddedBroker?: unknown;
}): Promise<{ dir: string; dispose(): Promise<void> }> {
  const { telemetryDir, deviceId, embeddedBroker } = options;
  if (telemetryDir === undefined && embeddedBroker !== undefined) {
    const dir = await mkdtemp(join(tmpdir(), 'sonotrack-telemetry-'));
    return { dir, dispose: () => rm(dir, { recursive: true, force: true }) };
  }
  const dir = telemetryDir ?? join(stateHome(process.env), 'sonotrack', 'telemetry', deviceId);
  return { dir, dispose: async () => undefined };
}

function stateHome(env: NodeJS.ProcessEnv): string {
  if (env.XDG_STATE_HOME) return env.XDG_STATE_HOME;
  if (process.platform === 'win32' && env.LOCALAPPDATA) return env.LOCALAPPDATA;
  return join(homedir(), '.local', 'state');
}
