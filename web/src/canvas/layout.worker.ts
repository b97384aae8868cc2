import { type GraphInput, type GraphLayout, layout } from "@/model/layout";

// Lays graphs out beside the page, which goes on scrolling meanwhile.

export interface ToLayout {
  id: number;
  input: GraphInput;
}
export type FromLayout = { id: number; laid: GraphLayout } | { id: number; error: string };

declare const self: { onmessage: ((event: MessageEvent<ToLayout>) => void) | null; postMessage: (message: FromLayout, transfer?: Transferable[]) => void };

self.onmessage = ({ data: { id, input } }) => {
  try {
    const laid = layout(input);
    const arrays = [laid.nodeTask, laid.nodePart, laid.x, laid.y, laid.taskNode, laid.edgeFrom, laid.edgeTo, laid.edgeStart, laid.points];
    self.postMessage({ id, laid }, arrays.map((array) => array.buffer as ArrayBuffer));
  } catch (error) {
    self.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
};
