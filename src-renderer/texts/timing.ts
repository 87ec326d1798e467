/** Timings of schedules in words. */
export const timingTexts = {
  units: { minutes: 'minutes', hours: 'hours', days: 'days' },
  every: (count: string, unit: string) => `Every ${count} ${unit}`,
  everyOne: { minutes: 'Every minute', hours: 'Every hour', days: 'Every day' },
  hourlyAt: (minute: string) => `Every hour at minute ${minute}`,
  daily: (clock: string) => `Every day at ${clock}`,
  monthly: (day: string, clock: string) => `On day ${day} of each month at ${clock}`,
  at: (days: string, clock: string) => `${days} at ${clock}`,
  days: (list: string) => list,
  daysTo: (first: string, last: string) => `${first} to ${last}`,
  everyDay: 'Every day',
  cron: (expression: string) => `At ${expression}`,
  once: (moment: string) => `Once, ${moment}`,
  window: (days: string, from: string, to: string) => `${days}, ${from} to ${to}`,
};
