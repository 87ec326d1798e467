import type { Generated } from 'kysely';

/** The tables as SQLite holds them after the newest migration. */
export interface Schema {
  users: {
    id: string;
    name: string;
    name_key: string;
    role: string;
    source: Generated<string>;
    disabled: number;
    password_hash: string | null;
    must_change_password: Generated<number>;
    directory_dn: string | null;
    failed_logins: Generated<number>;
    locked_until: string | null;
    last_sign_in_at: string | null;
    created_at: string;
  };
  sessions: {
    id: string;
    user_id: string;
    address: string;
    created_at: string;
    expires_at: string;
    ended_at: string | null;
    ended_why: string | null;
  };
  refresh_tokens: { hash: string; session_id: string; issued_at: string; expires_at: string; used_at: string | null };
  set_up_tokens: { id: number; hash: string; created_at: string };
  shares: { kind: string; subject_id: string; user_id: string };
  source_environments: {
    id: string;
    kind: string;
    name: string;
    url: string;
    username: string;
    thumbprint: string;
    instance_uuid: string;
    created_at: string;
  };
  target_environments: { id: string; kind: string; name: string; location: string; settings_json: string; created_at: string };
  vms: {
    id: string;
    source_environment_id: string;
    instance_uuid: string;
    ref: string;
    name: string;
    inventory_json: string;
    seen_at: string;
  };
  migration_jobs: {
    id: string;
    vm_id: string;
    target_environment_id: string;
    owner_id: string | null;
    state: string;
    settings_json: string;
    created_at: string;
  };
  sync_history: {
    id: string;
    job_id: string;
    kind: string;
    state: string;
    phase: string;
    resumes: number;
    snapshot_ref: string | null;
    snapshot_taken_at: string | null;
    tracking_doubt: string | null;
    notes_json: string;
    counts_json: string;
    reconnects: number;
    recovery_point_id: string;
    error_code: string | null;
    error_message: string | null;
    started_at: string;
    ended_at: string | null;
  };
  run_phases: { run_id: string; position: number; phase: string; started_at: string; ended_at: string | null };
  run_disks: {
    run_id: string;
    disk_key: number;
    object_id: string;
    datastore: string;
    capacity: number;
    change_id: string | null;
    mode: string;
    doubt: string | null;
    extents: Buffer | null;
    blank: number;
    journal: string | null;
    manifest_root: string | null;
    algorithm: string | null;
    counts_json: string;
  };
  recovery_points: {
    id: string;
    job_id: string;
    run_id: string;
    kind: string;
    doubts_json: string;
    taken_at: string;
    verified: string;
    committed_at: string;
    removed_at: string | null;
  };
  recovery_point_disks: {
    recovery_point_id: string;
    disk_key: number;
    object_id: string;
    capacity: number;
    change_id: string | null;
    manifest_root: string;
    algorithm: string;
    manifest: string;
    image: string;
  };
  cutovers: {
    id: string;
    job_id: string;
    state: string;
    phase: string;
    settings_json: string;
    source_was_on: number | null;
    powered_off: string | null;
    final_run_id: string | null;
    start_attempted: number;
    handle: string | null;
    location: string | null;
    undone_json: string;
    error_code: string | null;
    error_message: string | null;
    started_at: string;
    ended_at: string | null;
  };
  scheduled_tasks: {
    id: string;
    job_id: string | null;
    kind: string;
    schedule: string;
    enabled: number;
    due_at: string | null;
    created_at: string;
  };
  activity_logs: {
    id: number;
    at: string;
    actor_id: string | null;
    actor: string | null;
    address: string | null;
    action: string;
    subject_kind: string | null;
    subject_id: string | null;
    message: string | null;
    before_json: string | null;
    after_json: string | null;
    outcome: string;
    error_code: string | null;
    previous_hash: string;
    hash: string;
  };
  /** One row: the newest entry of activity_logs. */
  activity_head: { one: number; last_id: number; hash: string };
  env_variables: { name: string; value: string; updated_at: string };
  size_estimations: { id: string; vm_id: string; target_kind: string; result_json: string; created_at: string };
}
