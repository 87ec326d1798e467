/** Milliseconds until the browser has surely taken the text. */
const TAKEN = 60_000;

/** Hands a text to the person as a file, without any way over the network. */
export function saveText(file: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), TAKEN);
}
