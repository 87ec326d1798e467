/** By which a program of this computer could read and steer the page and its session: Chromium's and Node's own doors for debuggers. */
const doors =
  /^--?(remote-debugging-(port|pipe|address|socket-name)|remote-allow-origins|inspect(-brk|-port|-wait|-publish-uid)?|debug-port)(=|$)/;

/**
 * The switch by which somebody asked for a debugger, where that is refused: in a packed application. The build for tests has Node's
 * debugger left on (electron-builder.yml); where that one is open there is nothing left to protect.
 */
export function refusedDebugger(
  given: readonly string[],
  { isPackaged, isNodeOpen }: { isPackaged: boolean; isNodeOpen: boolean },
): string | undefined {
  if (!isPackaged || isNodeOpen) return undefined;
  return given.find((argument) => doors.test(argument))?.replace(/=.*/s, '');
}
