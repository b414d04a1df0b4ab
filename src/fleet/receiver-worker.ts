/** A receiver in a thread of its own; `workerData` is its options. */
import { parentPort, workerData } from 'node:worker_threads';
import { Receiver, type ReceiverOptions, type Update } from './receiver.js';

export type WorkerMessage =
  | { kind: 'updates'; updates: Update[]; damaged: number }
  | { kind: 'up' }
  | { kind: 'down' }
  | { kind: 'trouble'; message: string }
  | { kind: 'settled' };

export type HostMessage = 'settle' | 'close';

const tell = (message: WorkerMessage): void => parentPort?.postMessage(message);

const receiver: Receiver = new Receiver({
  ...(workerData as Omit<ReceiverOptions, 'onUpdates'>),
  onUpdates: (updates) => tell({ kind: 'updates', updates, damaged: receiver.damaged }),
  onUp: () => tell({ kind: 'up' }),
  onDown: () => tell({ kind: 'down' }),
  onTrouble: (message) => tell({ kind: 'trouble', message }),
});

parentPort?.on('message', (message: HostMessage) => {
  if (message === 'settle') void receiver.settled().then(() => tell({ kind: 'settled' }));
  else void receiver.close().then(() => parentPort?.close());
});
