import { describe, expect, it } from "vitest";

import { SseReader, type SseMessage } from "./sse";

function read(chunks: string[]): { messages: SseMessage[]; lastId: string } {
  const messages: SseMessage[] = [];
  const reader = new SseReader((message) => messages.push(message));
  for (const chunk of chunks) reader.push(chunk);
  return { messages, lastId: reader.lastId };
}

describe("the stream's reader", () => {
  const stream = "retry: 3000\nid: 7\n\nid: 8\nevent: ti\ndata: {\"a\":1}\n\n: ping\nid: 9\n\ndata: x\r\ndata:  y\r\n\r\n";

  it("gives messages with their type, data and newest id", () => {
    const { messages, lastId } = read([stream]);
    expect(messages).toEqual([
      { type: "ti", data: '{"a":1}', id: "8" },
      { type: "message", data: "x\n y", id: "9" },
    ]);
    expect(lastId).toBe("9");
  });

  it("gives the same however the bytes are cut", () => {
    for (let cut = 1; cut < stream.length; cut += 1) {
      expect(read([stream.slice(0, cut), stream.slice(cut)])).toEqual(read([stream]));
    }
    expect(read([...stream])).toEqual(read([stream]));
  });

  it("counts a ping's id and tells nobody of it", () => {
    expect(read([": ping\nid: 12\n\n"])).toEqual({ messages: [], lastId: "12" });
  });
});
