import { exchange } from './vim-http.ts';
import type { VimSession } from './vim-session.ts';

/** Milliseconds: tags are an extra and never hold up the inventory for longer. */
const PATIENCE = 5000;
/** Objects in one request. */
const BATCH = 2000;

/**
 * Names of the tags on machines. They live behind vCenter's REST service, which ESXi does not have and which may be closed to this
 * user: then machines simply have no tags, and the answer is undefined.
 */
export async function readTags(
  session: VimSession,
  machines: string[],
  password: () => Promise<string>,
  signal?: AbortSignal,
): Promise<Map<string, string[]> | undefined> {
  const found = new Map<string, string[]>();
  const base = new URL('/rest/com/vmware/cis/', session.url).href;
  const patience = AbortSignal.timeout(PATIENCE);
  const until = signal === undefined ? patience : AbortSignal.any([signal, patience]);
  const request = async (method: string, path: string, headers: Record<string, string>, body?: object): Promise<unknown> => {
    const options = {
      method,
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...headers },
      signal: until,
      idleMs: PATIENCE,
      agent: session.agent,
    };
    const answer = await exchange(base + path, body === undefined ? options : { ...options, body: JSON.stringify(body) });
    if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
    return answer.body === '' ? undefined : (JSON.parse(answer.body) as { value?: unknown }).value;
  };
  let token: string | undefined;
  try {
    const basic = Buffer.from(`${session.username}:${await password()}`).toString('base64');
    token = String(await request('POST', 'session', { Authorization: `Basic ${basic}` }));
    const headers = { 'vmware-api-session-id': token };
    const ids = new Map<string, string[]>();
    for (let start = 0; start < machines.length; start += BATCH) {
      const objects = machines.slice(start, start + BATCH).map((id) => ({ id, type: 'VirtualMachine' }));
      const path = 'tagging/tag-association?~action=list-attached-tags-on-objects';
      const attached = (await request('POST', path, headers, { object_ids: objects })) as {
        object_id: { id: string };
        tag_ids: string[];
      }[];
      for (const { object_id, tag_ids } of attached) ids.set(object_id.id, tag_ids);
    }
    const names = new Map<string, string>();
    for (const id of new Set([...ids.values()].flat())) {
      const tag = (await request('GET', `tagging/tag/id:${encodeURIComponent(id)}`, headers)) as { name: string };
      names.set(id, tag.name);
    }
    for (const [machine, tags] of ids) found.set(machine, tags.map((id) => names.get(id) ?? id).sort());
  } catch {
    return undefined;
  } finally {
    if (token !== undefined) request('DELETE', 'session', { 'vmware-api-session-id': token }).catch(() => {});
  }
  return found;
}
