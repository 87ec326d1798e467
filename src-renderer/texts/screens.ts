/** What the screens are called, everywhere. */
export const screenTexts = {
  overview: 'Overview',
  machines: 'Machines',
  migrations: 'Migrations',
  migration: 'Migration',
  newMigration: 'New migration',
  environments: 'Sources and targets',
  sources: 'Sources',
  targets: 'Targets',
  schedules: 'Schedules and tasks',
  activity: 'Activity',
  users: 'Users',
  settings: 'Settings',
};
