/** From the mightiest to the least: `operator` is the regular user, `viewer` reads only. */
export const roles = ['admin', 'operator', 'viewer'] as const;
export type Role = (typeof roles)[number];

/** Who calls, once that is proven. */
export interface Caller {
  userId: string;
  name: string;
  role: Role;
  /** The sign-in that the proof belongs to; a change of password leaves this one alone. */
  sessionId?: string;
  /** An administrator chose the password: until it is changed the caller has the least role, `viewer`. */
  mustChangePassword?: boolean;
}

/** What may be shown of a user; nothing here is secret. */
export interface User {
  id: string;
  name: string;
  role: Role;
  /** `directory`: the password is checked by the LDAP directory and the role follows its groups. */
  source: 'local' | 'directory';
  disabled: boolean;
  /** An administrator chose the password. */
  mustChangePassword: boolean;
  /** ISO 8601, UTC: after failed sign-ins, none is looked at before this. */
  lockedUntil: string | undefined;
  createdAt: string;
  lastSignInAt: string | undefined;
}

/** What makes two names the same: neither case nor the way a character is composed lets two people look alike. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
