export const targetMachineTexts = {
  title: 'Started here by Octopus',
  hint: 'Machines that run from their replicas: of cutovers, and of migrations that were removed since.',
  columns: { name: 'Machine', target: 'Target', state: 'State', since: 'Started', where: 'How to reach it' },
  running: 'Running',
  ended: 'Not running',
  endedHint: 'Something else ended it. What it wrote is kept.',
  migration: 'Its migration',
  inUse: 'Of a migration',
  alone: 'Without a migration',
  stop: (running: boolean) => (running ? 'Stop' : 'Discard'),
  stopOf: (name: string, running: boolean) => (running ? `Stop ${name}` : `Discard what is left of ${name}`),
  unread: (target: string) => `What runs at ${target} cannot be told.`,
  confirm: {
    title: (name: string, target: string, running: boolean) =>
      running ? `Stop ${name} at ${target}?` : `Discard what is left of ${name} at ${target}?`,
    text: (name: string, running: boolean) =>
      `${running ? 'It is switched off at once, and what' : 'What'} it wrote since it was started is discarded for good. No migration answers for ${name} any more. Its recovery points stay.`,
    action: (running: boolean) => (running ? 'Stop the machine' : 'Discard it'),
  },
  done: (name: string, running: boolean) => (running ? `${name} was stopped.` : `What was left of ${name} was discarded.`),
};
