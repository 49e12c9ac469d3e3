/** Whether the system has a sheet from which pictures can be kept or sent. */
export function canShare() {
  const file = new File([], 'a.png', { type: 'image/png' });
  return navigator.canShare?.({ files: [file] }) ?? false;
}
