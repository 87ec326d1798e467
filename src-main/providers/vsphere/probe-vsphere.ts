import { lookup } from 'node:dns/promises';
import { toOctopusError } from '../../../workers/octopus-error.ts';
import type { ProbeStep } from '../probe-step.ts';
import type { MissingPrivilege } from '../source.ts';
import { normalizeThumbprint } from './pinned-agent.ts';
import { askService, sampleMissingPrivileges } from './probe-questions.ts';
import { connectTcp, type ShownCertificate, shownCertificate } from './shown-certificate.ts';
import { VimSession } from './vim-session.ts';
import { unlessCancelled } from './wait.ts';

const ids = ['address', 'connection', 'tls', 'certificate', 'service', 'login', 'privileges'] as const;
type StepId = (typeof ids)[number];

export interface VsphereProbe {
  ok: boolean;
  steps: ProbeStep<StepId>[];
  certificate?: ShownCertificate & { /** It is the one whose thumbprint was given. */ accepted: boolean };
  server?: { name: string; version: string };
  missingPrivileges?: MissingPrivilege[];
}

export interface VsphereTrial {
  url: string;
  username?: string | undefined;
  password?: string | undefined;
  thumbprint?: string | undefined;
  /** Certificates of authorities (PEM) that are trusted besides the system's. */
  authorities?: string[];
  /** Milliseconds for each step that waits for the network. */
  timeoutMs?: number;
}

/**
 * Tries a vCenter step by step. What is wrong with it is an answer, not an error. Nothing secret is sent to a certificate that neither a
 * person has accepted nor this computer trusts.
 */
export async function probeVsphere(trial: VsphereTrial, signal?: AbortSignal): Promise<VsphereProbe> {
  const probe: VsphereProbe = { ok: false, steps: [] };
  const passed = (id: StepId, text: string, detail?: string) => void probe.steps.push(step(id, 'passed', text, detail));
  const failed = (id: StepId, text: string, detail?: string) => void probe.steps.push(step(id, 'failed', text, detail));
  await walk().catch((error) => {
    signal?.throwIfAborted();
    const at = ids[probe.steps.length] ?? 'privileges';
    failed(at, toOctopusError(error).message);
  });
  for (const id of ids) if (!probe.steps.some((one) => one.id === id)) probe.steps.push(step(id, 'not-tried', 'Not tried.'));
  probe.ok = probe.steps.every(({ id, outcome }) => outcome === 'passed' || (id === 'privileges' && probe.missingPrivileges !== undefined));
  return probe;

  async function walk(): Promise<void> {
    const timeoutMs = trial.timeoutMs ?? 10_000;
    const url = new URL(trial.url);
    if (url.username !== '' || url.password !== '') return failed('address', 'The address must hold no user name and no password.');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(url.port || 443);
    try {
      const found = await unlessCancelled(lookup(host, { all: true }), limited(timeoutMs));
      passed('address', `${host} is ${found.map(({ address }) => address).join(', ')}.`);
    } catch (error) {
      signal?.throwIfAborted();
      return failed(
        'address',
        `The name ${host} is not known to this computer.`,
        `Is it spelt rightly, and does the name service know it? (${codeOf(error)})`,
      );
    }
    const socket = await connectTcp(host, port, timeoutMs, signal).catch(
      (error) => void failed('connection', ...refusal(host, port, error)),
    );
    if (!socket) return;
    passed('connection', `${host} answers at port ${port}.`);
    let shown: ShownCertificate;
    try {
      shown = await shownCertificate(socket, host, trial.authorities ?? [], timeoutMs, signal);
    } catch (error) {
      signal?.throwIfAborted();
      const why = 'A vCenter is usually at port 443. Is this another service, or a proxy?';
      return failed('tls', `What answers at port ${port} of ${host} does not speak TLS.`, `${why} (${codeOf(error)})`);
    }
    passed('tls', `${host} speaks TLS.`);
    const given = trial.thumbprint === undefined ? undefined : normalized(trial.thumbprint);
    const certificate = { ...shown, accepted: given === shown.thumbprint };
    probe.certificate = certificate;
    const trustworthy = certificate.accepted || (given === undefined && certificate.trusted);
    judgeCertificate(certificate, given);
    if (!(await serviceAnswers(shown.thumbprint, timeoutMs))) return;
    if (!trustworthy)
      return void probe.steps.push(step('login', 'not-tried', 'The password is sent only after the certificate was accepted.'));
    const { username, password } = trial;
    if (username === undefined || password === undefined) {
      return void probe.steps.push(step('login', 'not-tried', 'A user name and a password are needed for this.'));
    }
    const options = { url: trial.url, username, password: async () => password, thumbprint: shown.thumbprint };
    let session: VimSession;
    try {
      session = await VimSession.open(options, limited(timeoutMs * 3));
    } catch (error) {
      signal?.throwIfAborted();
      const { message, code } = toOctopusError(error);
      return failed('login', code === 'operation.cancelled' ? `${host} did not answer the login in time.` : message);
    }
    await using open = session;
    passed('login', `${username} is logged in.`);
    await privileges(open, limited(timeoutMs * 6));
  }

  function judgeCertificate(certificate: NonNullable<VsphereProbe['certificate']>, given: string | undefined): void {
    const now = Date.now();
    const stale = Date.parse(certificate.validTo) < now || Date.parse(certificate.validFrom) > now;
    const detail = `${certificate.subject}, SHA-256 ${certificate.thumbprint}${stale ? '. It is not valid at this time.' : ''}`;
    if (certificate.accepted) passed('certificate', 'The certificate is the accepted one.', detail);
    else if (given !== undefined) {
      const text = 'The certificate is not the accepted one. If it was renewed, compare its thumbprint and accept it.';
      failed('certificate', text, detail);
    } else if (certificate.trusted) passed('certificate', 'This computer trusts the certificate.', detail);
    else failed('certificate', 'This computer does not know the certificate: compare its thumbprint and accept it.', detail);
  }

  async function serviceAnswers(thumbprint: string, timeoutMs: number): Promise<boolean> {
    try {
      const { server, status } = await askService(trial.url, thumbprint, timeoutMs, limited(timeoutMs));
      if (server !== undefined) {
        probe.server = server;
        passed('service', `${server.name || 'A vSphere server'} answers.`);
        return true;
      }
      const hint = 'The address of a vCenter reads https://host/sdk.';
      failed('service', `There is no vSphere service at this address (HTTP ${status}).`, hint);
    } catch (error) {
      signal?.throwIfAborted();
      const { code, message } = toOctopusError(error);
      const text = code === 'operation.cancelled' ? 'The service does not answer in time.' : message;
      failed('service', text, 'Is this a vCenter or an ESXi host?');
    }
    return false;
  }

  async function privileges(session: VimSession, either: AbortSignal): Promise<void> {
    const { machines, asked, missing } = await sampleMissingPrivileges(session, either);
    probe.missingPrivileges = missing;
    if (machines === 0) passed('privileges', 'This user sees no machine, so there is nothing to check.');
    else if (missing.length === 0) passed('privileges', `Nothing is missing on ${asked} of ${machines} machines.`);
    else {
      const names = [...new Set(missing.map(({ privilege }) => privilege))].join(', ');
      failed('privileges', 'This user may not do all that a run needs: machines without these privileges cannot be replicated.', names);
    }
  }

  function limited(ms: number): AbortSignal {
    return signal ? AbortSignal.any([signal, AbortSignal.timeout(ms)]) : AbortSignal.timeout(ms);
  }
}

function step(id: StepId, outcome: ProbeStep['outcome'], text: string, detail?: string): ProbeStep<StepId> {
  return { id, outcome, text, ...(detail === undefined ? {} : { detail }) };
}

/** One that is of another kind than SHA-256 is no certificate's: compared as it is. */
function normalized(thumbprint: string): string {
  try {
    return normalizeThumbprint(thumbprint);
  } catch {
    return thumbprint;
  }
}

function refusal(host: string, port: number, error: unknown): [string, string] {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return [`${host} refuses connections to port ${port}.`, 'Is the port right, and does the service run?'];
  if (code === 'ETIMEDOUT') return [`${host} does not answer at port ${port}.`, 'Is it switched on, and does a firewall stand in between?'];
  return [`${host} cannot be reached at port ${port}.`, code];
}

function codeOf(error: unknown): string {
  const one = error instanceof AggregateError ? error.errors[0] : error;
  return (one as NodeJS.ErrnoException)?.code ?? (one instanceof Error ? one.message : String(one));
}
