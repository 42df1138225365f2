/** Files that are dragged over a row, and dropped on it. */
import { useState } from "preact/hooks";
import type { Offer } from "./uploads";

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") === true;
}

/** Return what was dropped. Whether something is a folder is known only while the event lasts. */
export function offerOf({ dataTransfer }: Pick<DragEvent, "dataTransfer">): Offer {
  const items = [...(dataTransfer?.items ?? [])];
  const folder = items.some((item) => item.webkitGetAsEntry?.()?.isDirectory === true);
  return { files: [...(dataTransfer?.files ?? [])], folder };
}

export function useDrop(onOffer: (offer: Offer) => void) {
  const [above, setAbove] = useState(false);
  const handlers = {
    onDragOver(event: DragEvent): void {
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = "copy";
      setAbove(true);
    },
    onDragLeave(event: DragEvent): void {
      const row = event.currentTarget;
      if (row instanceof Node && event.relatedTarget instanceof Node && row.contains(event.relatedTarget)) return;
      setAbove(false);
    },
    onDrop(event: DragEvent): void {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setAbove(false);
      onOffer(offerOf(event));
    },
  };
  return { above, handlers };
}

/** A file that is dropped beside a row is not opened in place of the dialog. */
export function keepDropsInside(page: Document): () => void {
  const stop = (event: DragEvent): void => {
    if (hasFiles(event)) event.preventDefault();
  };
  page.addEventListener("dragover", stop);
  page.addEventListener("drop", stop);
  return () => {
    page.removeEventListener("dragover", stop);
    page.removeEventListener("drop", stop);
  };
}
