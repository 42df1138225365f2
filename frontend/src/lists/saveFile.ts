/** Saves a file that the browser holds; the sandboxes of both products allow downloads. */
const FORGET_AFTER_MS = 60_000;

export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // Some browsers read the file after the click has ended.
  setTimeout(() => URL.revokeObjectURL(address), FORGET_AFTER_MS);
}
