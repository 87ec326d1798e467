import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { singletons } from '../inventory/about.ts';
import type { Retrieval } from '../property-collector/object-content.ts';
import { UpdateWaiter } from '../property-collector/update-waiter.ts';
import type { ManagedRef } from '../soap/value.ts';
import type { World } from '../world/types.ts';

export interface LabView {
  ref: ManagedRef;
  container: ManagedRef | undefined;
  types: string[];
  recursive: boolean;
  /** Of a ListView. */
  list: ManagedRef[];
}

export interface Session {
  /** What the cookie carries. */
  readonly cookie: string;
  /** UserSession.key: another secret than the cookie. */
  readonly key: string;
  readonly userName: string;
  readonly loginTime: number;
  readonly userAgent: string;
  lastActive: number;
  callCount: number;
  /** Calls in progress: a session does not expire under a waiting call. */
  active: number;
  readonly views: Map<string, LabView>;
  readonly collectors: Map<string, UpdateWaiter>;
  readonly retrievals: Map<string, { retrieval: Retrieval; limit: number }>;
  /** Aborts when the session ends. */
  readonly ended: AbortController;
}

const same = (a: string, b: string) => timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());

/** Who is logged in. Sessions end after `ttl` milliseconds without a call. */
export class Sessions {
  readonly #world: World;
  readonly #ttl: number;
  readonly #userName: string;
  readonly #password: string;
  readonly #byCookie = new Map<string, Session>();
  #next = 1;

  constructor(world: World, ttl: number, userName: string, password: string) {
    this.#world = world;
    this.#ttl = ttl;
    this.#userName = userName;
    this.#password = password;
  }

  /** Undefined for wrong credentials. */
  login(userName: string, password: string, userAgent: string): Session | undefined {
    if (!same(userName.toLowerCase(), this.#userName.toLowerCase()) || !same(password, this.#password)) return undefined;
    const now = this.#world.clock.now();
    const session: Session = {
      cookie: randomBytes(20).toString('hex'),
      key: `52${randomUUID().slice(2)}`,
      userName: this.#userName,
      loginTime: now,
      userAgent,
      lastActive: now,
      callCount: 0,
      active: 0,
      views: new Map(),
      collectors: new Map([[singletons.PropertyCollector.value, new UpdateWaiter(this.#world)]]),
      retrievals: new Map(),
      ended: new AbortController(),
    };
    this.#byCookie.set(session.cookie, session);
    return session;
  }

  /** The session of a Cookie header, if it lives. */
  find(cookieHeader: string | undefined): Session | undefined {
    const value = /(?:^|;\s*)vmware_soap_session="?([0-9a-f]+)"?/.exec(cookieHeader ?? '')?.[1];
    const session = value === undefined ? undefined : this.#byCookie.get(value);
    if (session === undefined) return undefined;
    if (session.active === 0 && this.#world.clock.now() - session.lastActive >= this.#ttl) {
      this.end(session);
      return undefined;
    }
    return session;
  }

  byKey(key: string): Session | undefined {
    return [...this.#byCookie.values()].find((session) => session.key === key);
  }

  all(): Session[] {
    return [...this.#byCookie.values()];
  }

  /** Runs one call of a session, which keeps it alive. */
  async during<T>(session: Session, work: () => Promise<T>): Promise<T> {
    session.active++;
    session.callCount++;
    session.lastActive = this.#world.clock.now();
    try {
      return await work();
    } finally {
      session.active--;
      session.lastActive = this.#world.clock.now();
    }
  }

  end(session: Session): void {
    this.#byCookie.delete(session.cookie);
    session.ended.abort();
  }

  endAll(): void {
    for (const session of this.all()) this.end(session);
  }

  /** A number no other object of any session has. */
  nextId(): number {
    return this.#next++;
  }
}

export function sessionCookie(session: Session): string {
  return `vmware_soap_session="${session.cookie}"; Path=/; HttpOnly; Secure; `;
}
