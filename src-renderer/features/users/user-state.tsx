import type { Output } from '../../../src-preload/contract/routes.ts';
import { usersTexts as texts } from '../../texts/users.ts';
import { formatWhen } from '../../ui/format.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { useNow } from '../../ui/values.tsx';

export type User = Output<'users.list'>['items'][number];

export function stateOf(user: User, now: number): keyof typeof texts.states {
  if (user.disabled) return 'disabled';
  if (user.lockedUntil !== undefined && Date.parse(user.lockedUntil) > now) return 'locked';
  return user.mustChangePassword ? 'password' : 'active';
}

export function UserState({ user }: { user: User }) {
  const now = useNow();
  const state = stateOf(user, now);
  if (state === 'locked') return <StatusBadge state="locked" word={texts.lockedUntil(formatWhen(user.lockedUntil as string, now))} />;
  if (state === 'disabled') return <StatusBadge state="disabled" />;
  if (state === 'password') return <StatusBadge state="pending" word={texts.states.password} />;
  return <StatusBadge state="ok" word={texts.states.active} />;
}

/** The one whom the core lets nobody take away: people of the directory do not count, it may be out of reach. */
export function isLastAdmin(user: User, all: readonly User[]): boolean {
  const counts = ({ role, source, disabled }: User) => role === 'admin' && source === 'local' && !disabled;
  return counts(user) && all.filter(counts).length === 1;
}
