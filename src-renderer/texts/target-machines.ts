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
  stop: 'Stop',
  stopOf: (name: string) => `Stop ${name}`,
  unread: (target: string) => `What runs at ${target} cannot be told.`,
  confirm: {
    title: (name: string, target: string) => `Stop ${name} at ${target}?`,
    text: (name: string) =>
      `It is switched off at once, and what it wrote since it was started is discarded for good. No migration answers for ${name} any more. Its recovery points stay.`,
    action: 'Stop the machine',
  },
  done: (name: string) => `${name} was stopped.`,
};
