import type { Role } from '../domain/user.ts';

export interface DirectoryUser {
  /** Distinguished name: what makes it the same person. */
  dn: string;
  /** How the person is called in Octopus. */
  name: string;
  role: Role;
}

/** An LDAP directory, as far as identity needs one. It throws where the directory cannot be asked; that is no failed sign-in. */
export interface DirectoryLogin {
  /** Undefined where the directory refuses: no such user, wrong password, disabled, in no group that has a role. */
  signIn(name: string, password: string): Promise<DirectoryUser | undefined>;
  /** Whether this account may still sign in; asked when tokens are renewed. */
  isActive(dn: string): Promise<boolean>;
  /** Where given, it is asked instead of isActive: the role that the groups give now, undefined for none. */
  roleOf?(dn: string): Promise<Role | undefined>;
}
