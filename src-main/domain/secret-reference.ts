export type SecretKind = 'password' | 'token' | 'key' | 'certificate-key';
export type SecretOwnerKind = 'source' | 'target' | 'directory' | 'application';

export interface SecretOwner {
  kind: SecretOwnerKind;
  /** Id of the environment; a fixed word for what the application itself owns. */
  id: string;
}

/** What the database knows of a secret: that it exists and whose it is. The secret itself is in the vault under `reference`. */
export interface SecretReference {
  reference: string;
  kind: SecretKind;
  owner: SecretOwner;
  /** ISO 8601, UTC. */
  createdAt: string;
  updatedAt: string;
}
