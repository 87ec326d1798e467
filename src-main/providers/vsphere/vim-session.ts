import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, createClientAsync } from 'soap';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { PinnedAgent } from './pinned-agent.ts';
import { fromSoapError } from './vim-fault.ts';
import { type RequestContext, VimHttpClient } from './vim-http.ts';
import { checkCancelled, sleep, unlessCancelled } from './wait.ts';

export interface MoRef {
  attributes: { type: string };
  $value: string;
}

/** A reference as the soap package writes and reads it. */
export function moRef(type: string, value: string): MoRef {
  return { attributes: { type }, $value: value };
}

export interface ServiceContent {
  rootFolder: MoRef;
  propertyCollector: MoRef;
  viewManager: MoRef;
  sessionManager: MoRef;
  authorizationManager?: MoRef;
  about: { name: string; fullName: string; version: string; build: string; apiType: string; instanceUuid?: string };
}

export interface SessionOptions {
  /** https://host[:port]/sdk */
  url: string;
  username: string;
  /** Asked at each login, so that no password is kept. */
  password: () => Promise<string>;
  thumbprint: string;
  /** Milliseconds between two signs of life; vCenter ends a session after 30 minutes of silence. Default 5 minutes. */
  keepAliveMs?: number;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** May the call be sent again after a broken connection, not knowing whether it arrived? Default true. */
  repeat?: boolean;
  /** Milliseconds of silence; default 60 s. */
  idleMs?: number;
}

interface Login {
  cookie: string;
  /** UserSession.key: names the session to the authorization manager. */
  key: string;
  generation: number;
  at: number;
}

type Method = (args: object, options: { context: RequestContext }) => Promise<[{ returnval?: unknown } | null]>;

const TRIES = 5;
const LOGINS_PER_CALL = 3;
/** Milliseconds during which a refused password is not tried again: an account must not be locked by our retries. */
const DENIED_PAUSE = 30_000;

/** A logged-in connection to one vCenter or ESXi. Logs in again by itself when the session has ended. */
export class VimSession implements AsyncDisposable {
  readonly url: string;
  readonly username: string;
  readonly agent: PinnedAgent;
  content!: ServiceContent;
  readonly #password: () => Promise<string>;
  readonly #client: Client;
  readonly #closing = new AbortController();
  readonly #retired: string[] = [];
  #login: Login | undefined;
  #pending: Promise<Login> | undefined;
  #denied: { error: OctopusError; at: number } | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: SessionOptions, client: Client, agent: PinnedAgent) {
    this.url = options.url;
    this.username = options.username;
    this.#password = options.password;
    this.#client = client;
    this.agent = agent;
  }

  static async open(options: SessionOptions, signal?: AbortSignal): Promise<VimSession> {
    if (!URL.canParse(options.url) || new URL(options.url).protocol !== 'https:') {
      throw new OctopusError('argument.invalid', 'The address of a vCenter reads https://host/sdk.', { field: 'url' });
    }
    const { username, password } = new URL(options.url);
    // An address is stored, shown and logged.
    if (username !== '' || password !== '') {
      throw new OctopusError('argument.invalid', 'The address of a vCenter holds no user name and no password.', { field: 'url' });
    }
    const agent = new PinnedAgent(options.thumbprint);
    const client = await createClientAsync(wsdlPath(), { httpClient: new VimHttpClient(agent) as never }, options.url);
    const session = new VimSession(options, client, agent);
    try {
      await session.login(signal);
    } catch (error) {
      await session.close();
      throw error;
    }
    const beat = () => void session.call('CurrentTime', { _this: moRef('ServiceInstance', 'ServiceInstance') }).catch(() => {});
    session.#timer = setInterval(beat, options.keepAliveMs ?? 5 * 60_000).unref();
    return session;
  }

  /** Counts logins: what a server keeps per session (views, filters, tokens) is gone when it has changed. */
  get generation(): number {
    return this.#login?.generation ?? 0;
  }

  get sessionKey(): string {
    return this.#login?.key ?? '';
  }

  /** Value of the Cookie header for other requests to the same server. `refresh` logs in anew unless that happened just now. */
  async cookie(refresh: boolean, signal?: AbortSignal): Promise<string> {
    const current = this.#login;
    if (current !== undefined && !(refresh && Date.now() - current.at > 1000)) return current.cookie;
    return (await this.login(signal)).cookie;
  }

  /** A typed answer, parsed by the soap package: its `returnval`. Arguments stand in schema order: servers refuse others, and the package does not order them. */
  async call<T>(operation: string, args: object, options: CallOptions = {}): Promise<T> {
    return (await this.#invoke(operation, args, options, false)) as T;
  }

  /** The raw body of the answer, for the property collector (see XmlNode). */
  async callRaw(operation: string, args: object, options: CallOptions = {}): Promise<string> {
    return (await this.#invoke(operation, args, options, true)) as string;
  }

  async #invoke(operation: string, args: object, options: CallOptions, raw: boolean): Promise<unknown> {
    const { signal, repeat = true } = options;
    let logins = 0;
    for (let attempt = 1; ; attempt++) {
      checkCancelled(signal);
      const login = this.#login ?? (await this.login(signal));
      try {
        return await this.#once(operation, args, { ...options, signal: this.#either(signal) }, login.cookie, raw);
      } catch (error) {
        const known = error as OctopusError;
        checkCancelled(signal);
        if (this.#closing.signal.aborted) throw this.#closed();
        if (known.code === 'source.session' && logins < LOGINS_PER_CALL) {
          logins++;
          // Others may have seen the same end and logged in meanwhile.
          if (this.#login === login) await this.login(signal);
        } else if ((repeat || neverSent(known)) && known.code === 'source.unreachable' && known.retryable && attempt < TRIES) {
          await sleep(100 * 3 ** (attempt - 1), signal);
        } else {
          throw known;
        }
      }
    }
  }

  #either(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
  }

  async #once(
    operation: string,
    args: object,
    options: CallOptions,
    cookie: string | undefined,
    raw: boolean,
    onCookie?: (cookie: string) => void,
  ): Promise<unknown> {
    let body = '';
    const context: RequestContext = { cookie, idleMs: options.idleMs ?? 60_000, signal: options.signal };
    if (onCookie !== undefined) context.onCookie = onCookie;
    if (raw) {
      context.take = (text) => {
        body = text;
      };
    }
    try {
      const method = (this.#client as unknown as Record<string, Method>)[`${operation}Async`] as Method;
      const [answer] = await method(args, { context });
      return raw ? body : answer?.returnval;
    } catch (error) {
      throw fromSoapError(error, operation);
    }
  }

  /** One login at a time, shared by all who wait for it. */
  login(signal?: AbortSignal): Promise<Login> {
    if (this.#denied !== undefined && Date.now() - this.#denied.at < DENIED_PAUSE) return Promise.reject(this.#denied.error);
    this.#pending ??= this.#logIn().finally(() => {
      this.#pending = undefined;
    });
    return unlessCancelled(this.#pending, signal);
  }

  async #logIn(): Promise<Login> {
    const password = await this.#password();
    for (let attempt = 1; ; attempt++) {
      try {
        const login = await this.#logInOnce(password);
        if (this.#login !== undefined) this.#retired.push(this.#login.cookie);
        this.#login = login;
        this.#denied = undefined;
        return login;
      } catch (error) {
        const known = error as OctopusError;
        if (this.#closing.signal.aborted) throw this.#closed();
        if (known.code === 'source.denied') this.#denied = { error: known, at: Date.now() };
        // A session that ends between its first two calls counts like a lost connection.
        if (!(known.code === 'source.unreachable' || known.code === 'source.session') || !known.retryable || attempt >= TRIES) throw known;
        await sleep(100 * 3 ** (attempt - 1), this.#closing.signal).catch(() => {
          throw this.#closed();
        });
      }
    }
  }

  async #logInOnce(password: string): Promise<Login> {
    let cookie: string | undefined;
    const onCookie = (value: string) => {
      cookie = value;
    };
    const options = { signal: this.#closing.signal };
    // Always without the old cookie: a login on a living session is refused, and running transfers still use that one.
    const service = { _this: moRef('ServiceInstance', 'ServiceInstance') };
    const content = (await this.#once('RetrieveServiceContent', service, options, undefined, false, onCookie)) as
      | ServiceContent
      | undefined;
    if (content?.sessionManager === undefined || content.propertyCollector === undefined) {
      throw new OctopusError('source.protocol', `${new URL(this.url).host} does not answer like a vSphere server.`);
    }
    this.content = content;
    const login = { _this: content.sessionManager, userName: this.username, password };
    const user = (await this.#once('Login', login, options, cookie, false, onCookie)) as { key?: string } | undefined;
    if (cookie === undefined) throw new OctopusError('source.protocol', 'The server logged in without giving a session cookie.');
    return { cookie, key: user?.key ?? '', generation: this.generation + 1, at: Date.now() };
  }

  /** Nobody cancelled what was asked of it: the source has another login or address now, or is no source any more. */
  #closed(): OctopusError {
    const { host } = new URL(this.url);
    return new OctopusError(
      'source.unreachable',
      `The connection to ${host} was closed: the source was changed, removed or stopped meanwhile. Test the source, then start anew.`,
      { retryable: true, details: { reason: 'closed' } },
    );
  }

  /** Logs out of every session opened here; idempotent, never throws. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    clearInterval(this.#timer);
    this.#closing.abort();
    const cookies = [...this.#retired, ...(this.#login === undefined ? [] : [this.#login.cookie])];
    const logout = (cookie: string) =>
      this.#once('Logout', { _this: this.content.sessionManager }, { idleMs: 2000, signal: AbortSignal.timeout(2000) }, cookie, false);
    await Promise.allSettled(cookies.map(logout));
    this.agent.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** No connection came about, so that the call cannot have been carried out. */
function neverSent(error: OctopusError): boolean {
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(String(error.details.reason));
}

/** The WSDL lies in resources/ beside src-main as well as beside dist. */
function wsdlPath(): string {
  const file = join('resources', 'vim25', 'vim25.wsdl');
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const path = join(folder, file);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) throw new OctopusError('internal.unexpected', `The file ${file} is missing from the installation.`);
  }
}
