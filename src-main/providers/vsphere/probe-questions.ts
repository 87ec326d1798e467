import { OctopusError } from '../../../workers/octopus-error.ts';
import type { MissingPrivilege } from '../source.ts';
import { machineState } from './machine-state.ts';
import { PinnedAgent } from './pinned-agent.ts';
import { missingPrivileges } from './privileges.ts';
import { retrieveAll } from './properties.ts';
import { exchange } from './vim-http.ts';
import { moRef, type VimSession } from './vim-session.ts';

/** Machines whose privileges are asked for. */
const SAMPLE = 20;
const MOST_MISSING = 100;
/** Characters of an answer in which a vSphere server has said who it is. */
const ABOUT = 65_536;

const ask =
  '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>' +
  '<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></RetrieveServiceContent></e:Body></e:Envelope>';

/** Asked without a login, and read as text: it may be anything that answers. */
export async function askService(
  url: string,
  thumbprint: string,
  idleMs: number,
  signal: AbortSignal,
): Promise<{ status: number; server: { name: string; version: string } | undefined }> {
  const agent = new PinnedAgent(thumbprint);
  try {
    const length = Buffer.byteLength(ask);
    const headers = { 'content-type': 'text/xml; charset=utf-8', soapaction: '"urn:vim25/6.0"', 'content-length': length };
    const { status, body } = await exchange(url, { method: 'POST', headers, body: ask, signal, idleMs, agent });
    const about = /<about[\s>]([\s\S]*?)<\/about>/.exec(body.slice(0, ABOUT))?.[1];
    if (status !== 200 || about === undefined) return { status, server: undefined };
    const part = (name: string) => textOf(new RegExp(`<${name}>([^<]*)</${name}>`).exec(about)?.[1] ?? '');
    return { status, server: { name: part('fullName') || part('name'), version: part('version') } };
  } finally {
    agent.destroy();
  }
}

/** What a run will need and this user may not do, on machines picked evenly from all. */
export async function sampleMissingPrivileges(
  session: VimSession,
  signal: AbortSignal,
): Promise<{ machines: number; asked: number; missing: MissingPrivilege[] }> {
  const machines = await retrieveAll(session, { VirtualMachine: ['name'] }, signal);
  const every = Math.max(1, Math.ceil(machines.length / SAMPLE));
  const sample = machines.filter((_, index) => index % every === 0);
  const missing = new Map<string, MissingPrivilege>();
  for (const { ref } of sample) {
    try {
      const state = await machineState(session, ref, signal);
      const datastores = [...new Set(state.disks.map((disk) => disk.datastoreRef))].filter((one) => one !== '');
      for (const one of await missingPrivileges(session, moRef('VirtualMachine', ref), datastores, true, signal)) {
        missing.set(`${one.privilege} ${one.on}`, one);
      }
    } catch (error) {
      // Gone in between, or shown without being readable: not what this is about.
      if (!(error instanceof OctopusError) || !['source.missing', 'source.protocol'].includes(error.code)) throw error;
    }
  }
  return { machines: machines.length, asked: sample.length, missing: [...missing.values()].slice(0, MOST_MISSING) };
}

const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&apos;': "'" };
/** One line for people, whatever the server calls itself. */
const textOf = (xml: string) =>
  xml
    .replace(/&(lt|gt|amp|quot|apos);/g, (entity) => entities[entity] ?? '')
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, 200);
