/** All that the shell itself says; the client has its own. */
export const texts = {
  runsAlready: (dataFolder: string) => `Octopus runs already with the data in ${dataFolder}: its window was brought forward.`,
  noDebugger: (given: string) => `${given} is refused: this Octopus does not let a debugger in.`,
  aMachine: 'A machine',
  runDone: (machine: string) => `${machine} is protected`,
  runDoneBody: 'The run ended, and its copy was verified.',
  runFailed: (machine: string) => `${machine}: the run failed`,
  cutoverDone: (machine: string) => `${machine} runs at the target`,
  cutoverDoneBody: 'The cutover is done. It can still be rolled back.',
  cutoverFailed: (machine: string) => `${machine}: the cutover was undone`,
  cutoverRefused: (machine: string) => `${machine}: the cutover did not begin`,
  needsYou: (machine: string) => `${machine} needs you`,
  needsYouBody: 'A task was tried as often as it may be and waits for a decision.',
  goesOn: 'Octopus goes on without its window',
  goesOnDetail:
    'Runs and schedules continue. Open it again from the tray or by starting it once more; quit it with Ctrl+Q or from the tray.',
  understood: 'OK',
  quitTitle: (runs: number) => (runs > 1 ? `${runs} runs are going on` : 'A run is going on'),
  quitDetail: (names: string[]) => {
    const all = names.length > 0 ? `Running: ${names.join(', ')}. ` : '';
    return names.length > 1
      ? `${all}If you quit, they stop at a checkpoint and go on from there at the next start. Until then their snapshots stay at the source.`
      : `${all}If you quit, it stops at a checkpoint and goes on from there at the next start. Until then its snapshot stays at the source.`;
  },
  stopAndQuit: 'Stop at a checkpoint and quit',
  keepRunning: 'Keep running',
  open: 'Open Octopus',
  quit: 'Quit Octopus',
  nothingRuns: 'Nothing is running',
  running: (count: number) => (count === 1 ? '1 run' : `${count} runs`),
  cannotOpen: 'Octopus cannot open its data',
  fileMissing:
    'The encrypted file of passwords and keys is not in the data folder any more. Put it back from a backup and start Octopus again.',
  restFailed: 'The REST API and the web client are switched on, but could not be opened',
  unknownError: 'Octopus met an error that it does not know, and stopped',
  unknownErrorDetail:
    'So that nothing is written wrongly. Runs came to a checkpoint and go on from there. The log in the data folder says what happened.',
  startAgain: 'Start again',
  tryAgain: 'Try again',
  keepsFailing: 'The window failed several times',
  keepsFailingDetail: 'Runs are not affected. The log says more.',
  loadAgain: 'Load it again',
  saveDiagnostics: 'Save the diagnostics',
  pickFolder: 'Choose a folder',
  pickFiles: 'Choose disk images',
};
