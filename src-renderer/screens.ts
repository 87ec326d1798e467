import {
  IconCalendarClock,
  IconHistory,
  IconLayoutDashboard,
  IconPlugConnected,
  IconServer2,
  IconSettings,
  IconTransfer,
  IconUsers,
} from '@tabler/icons-react';
import { type ComponentType, lazy } from 'react';
import type { ScreenProps } from './screen-props.ts';
import type { Role } from './stores/session.ts';
import { screenTexts } from './texts/screens.ts';

type Loader = () => Promise<{ default: ComponentType<ScreenProps> }>;
type Icon = ComponentType<{ size?: number | string; stroke?: number; 'aria-hidden'?: boolean }>;

export interface Screen {
  id: string;
  /** As wouter reads it; the first that fits is shown. */
  path: string;
  /** Least role that may see it. */
  role: Role;
  text: string;
  component: ComponentType<ScreenProps>;
  /** In the navigation at the left; without it a screen is reached from others. */
  navigation?: { icon: Icon; text: string /** After G. */; key: string };
  /** The screen under whose entry in the navigation this one stands. */
  under?: string;
}

const screen = (load: Loader, rest: Omit<Screen, 'component'>): Screen => ({ ...rest, component: lazy(load) });

/** Every screen. A new one: a folder in features/, its name in texts/screens.ts, and a line here. */
export const screens: readonly Screen[] = [
  screen(() => import('./features/overview/index.tsx'), {
    id: 'overview',
    path: '/',
    role: 'viewer',
    text: screenTexts.overview,
    navigation: { icon: IconLayoutDashboard, text: screenTexts.overview, key: 'o' },
  }),
  screen(() => import('./features/machines/index.tsx'), {
    id: 'machines',
    path: '/machines/:id?',
    role: 'viewer',
    text: screenTexts.machines,
    navigation: { icon: IconServer2, text: screenTexts.machines, key: 'm' },
  }),
  screen(() => import('./features/migrations/index.tsx'), {
    id: 'migrations',
    path: '/migrations',
    role: 'viewer',
    text: screenTexts.migrations,
    navigation: { icon: IconTransfer, text: screenTexts.migrations, key: 'r' },
  }),
  screen(() => import('./features/new-migration/index.tsx'), {
    id: 'new-migration',
    path: '/migrations/new/:machineIds?',
    role: 'operator',
    text: screenTexts.newMigration,
    under: 'migrations',
  }),
  screen(() => import('./features/migration/index.tsx'), {
    id: 'migration',
    path: '/migrations/:id/:part?',
    role: 'viewer',
    text: screenTexts.migration,
    under: 'migrations',
  }),
  screen(() => import('./features/sources/index.tsx'), {
    id: 'sources',
    path: '/sources/:id?',
    role: 'viewer',
    text: screenTexts.sources,
    navigation: { icon: IconPlugConnected, text: screenTexts.environments, key: 'e' },
  }),
  screen(() => import('./features/targets/index.tsx'), {
    id: 'targets',
    path: '/targets/:id?',
    role: 'viewer',
    text: screenTexts.targets,
    under: 'sources',
  }),
  screen(() => import('./features/schedules/index.tsx'), {
    id: 'schedules',
    path: '/schedules/:part?/:id?',
    role: 'viewer',
    text: screenTexts.schedules,
    navigation: { icon: IconCalendarClock, text: screenTexts.schedules, key: 't' },
  }),
  screen(() => import('./features/activity/index.tsx'), {
    id: 'activity',
    path: '/activity',
    role: 'admin',
    text: screenTexts.activity,
    navigation: { icon: IconHistory, text: screenTexts.activity, key: 'a' },
  }),
  screen(() => import('./features/users/index.tsx'), {
    id: 'users',
    path: '/users/:part?',
    role: 'admin',
    text: screenTexts.users,
    navigation: { icon: IconUsers, text: screenTexts.users, key: 'u' },
  }),
  screen(() => import('./features/settings/index.tsx'), {
    id: 'settings',
    path: '/settings/:part?',
    role: 'viewer',
    text: screenTexts.settings,
    navigation: { icon: IconSettings, text: screenTexts.settings, key: 's' },
  }),
];
