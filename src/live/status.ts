/** What a session tells of itself: its state, its objects, its cine. */
import type { FrameHistory, FrameRecord } from './history.js';
import type { ObjectTracking } from './object-tracking.js';
import type { Cine, SessionState, SessionStatus } from './types.js';

interface Parts {
  history: FrameHistory;
  tracking: ObjectTracking;
  /** The frame looked at while frozen. */
  viewed: FrameRecord | null;
  isFaulty: boolean;
  isFlowing: boolean;
  recording: boolean;
}

export function statusOf(parts: Parts): SessionStatus {
  const { history, tracking, viewed, recording } = parts;
  return Object.freeze({
    state: stateOf(parts),
    objects: Object.freeze(tracking.labels),
    cine: cineOf(history),
    viewedId: viewed?.meta.id ?? null,
    canUndo: tracking.canUndo,
    catchingUp: tracking.behind,
    recording,
  });
}

/** Whether a status says nothing new; the cine of a running stream grows with every frame, which is no news. */
export function isSameStatus(a: SessionStatus, b: SessionStatus): boolean {
  return a.viewedId !== null || b.viewedId !== null
    ? JSON.stringify(a) === JSON.stringify(b)
    : JSON.stringify({ ...a, cine: null }) === JSON.stringify({ ...b, cine: null });
}

function stateOf({ viewed, isFaulty, isFlowing, history }: Parts): SessionState {
  if (viewed) return 'frozen';
  if (isFaulty) return 'fault';
  if (!isFlowing) return 'idle';
  const objects = history.latest?.objects ?? [];
  const isLost = objects.length > 0 && objects.every(({ status }) => status === 'lost');
  return isLost ? 'lost' : 'live';
}

function cineOf({ oldest, latest, length }: FrameHistory): Cine | null {
  if (!oldest || !latest) return null;
  return Object.freeze({
    firstId: oldest.meta.id,
    lastId: latest.meta.id,
    frames: length,
    seconds: Number(latest.meta.captureNs - oldest.meta.captureNs) / 1e9,
  });
}
