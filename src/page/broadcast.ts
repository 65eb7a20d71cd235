import { BroadcastChannel } from 'node:worker_threads';
import { channelName } from './page.js';
import type { BroadcastMessage } from './protocol.js';

/**
 * What has a payload and is for whichever thread wants to hear it. A channel is named after its page, so that nothing but the
 * page must be handed to a thread. Threads open it only while they listen: a message to a blocked thread waits in memory.
 */
export interface Broadcast {
  post(message: BroadcastMessage): void;
  close(): void;
}

/** Does not keep the process alive. What was posted before is not heard; what is posted from now on is. */
export function openBroadcast(words: Int32Array, onMessage: (message: BroadcastMessage) => void): Broadcast {
  const channel = new BroadcastChannel(channelName(words));
  channel.onmessage = (event) => {
    if ('data' in event) onMessage(event.data as BroadcastMessage);
  };
  channel.unref();
  return {
    post: (message) => channel.postMessage(message),
    close: () => channel.close(),
  };
}

/** Posts to whoever listens now. For messages so rare that a channel of one's own is not worth keeping. */
export function broadcastOnce(words: Int32Array, message: BroadcastMessage): void {
  const channel = new BroadcastChannel(channelName(words));
  channel.postMessage(message);
  channel.close();
}
