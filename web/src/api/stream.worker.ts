import { browser, StreamCore, type ToCore } from "./stream_core";

// The SharedWorker that owns the one stream. A tab that is closed without a word is noticed by its lock (see stream.ts).

declare const self: { onconnect: ((event: MessageEvent) => void) | null };

const core = new StreamCore<MessagePort>(browser, (port, message) => port.postMessage(message));

self.onconnect = (event) => {
  const port = event.ports[0]!;
  port.onmessage = ({ data }: MessageEvent<ToCore & { lock?: string }>) => {
    if (data.lock) {
      // Granted when the tab is gone, however it went.
      void navigator.locks.request(data.lock, () => core.hear(port, { kind: "bye" }));
      return;
    }
    core.hear(port, data);
  };
};
