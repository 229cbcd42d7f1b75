/** One monitor, from the choice of its method to the replica that it keeps true. */
import { HeddleError } from '../lib/errors.js';
import {
  fallbacks,
  monitorParams,
  notifications,
  parseMonitorReply,
  parseUpdate,
  planMonitor,
  type MonitorMethod,
  type MonitorPlan,
} from './monitor.js';
import { Replica, type Change } from './replica.js';
import { errorParts, refusal, type RpcReply } from './rpc.js';
import type { DatabaseSchema } from './schema.js';
import type { SessionOptions } from './session-types.js';

/** The changes of one transaction of the server's. */
export type Batch = readonly Change[];

/** The monitor's name on this connection, which has no other. */
const monitorId = 'heddle';

export class MonitorFeed {
  readonly #options: SessionOptions;
  readonly #plan: MonitorPlan;
  /** The replica that the server may continue from, where it follows the very same columns. */
  readonly #base: Replica | undefined;
  readonly #maxEarlyBytes: number;
  #method: MonitorMethod = 'monitor_cond_since';
  #replica: Replica | undefined;
  /** Updates from before the reply, which they follow in the server's order of things. */
  #early: (readonly unknown[])[] = [];
  #earlyBytes = 0;

  constructor(options: SessionOptions, schema: DatabaseSchema, maxEarlyBytes: number) {
    this.#options = options;
    this.#plan = planMonitor(schema, options.tables);
    this.#base = options.previous?.hasShapeOf(this.#plan.tables) === true ? options.previous : undefined;
    this.#maxEarlyBytes = maxEarlyBytes;
  }

  get method(): MonitorMethod {
    return this.#method;
  }

  get missing(): readonly string[] {
    return this.#plan.missing;
  }

  /** Undefined until the reply. */
  get replica(): Replica | undefined {
    return this.#replica;
  }

  /** The params of the request that goes with the present method. */
  params(): readonly unknown[] {
    const since = this.#base?.lastTransaction;
    return monitorParams(this.#method, this.#options.database, monitorId, this.#plan.tables, since);
  }

  /**
   * The reply: the replica and the first batches, or undefined where the server does not know the method and the next
   * one is to be requested. Throws OVSDB_REFUSED when none is left, OVSDB_BAD_MESSAGE.
   */
  reply(reply: RpcReply): { readonly replica: Replica; readonly batches: readonly Batch[] } | undefined {
    if (!reply.ok) {
      const next = fallbacks[this.#method];
      if (next === undefined || errorParts(reply.error).error !== 'unknown method')
        throw refusal(this.#method, reply.error);
      this.#method = next;
      return undefined;
    }
    const { continued, ...first } = parseMonitorReply(this.#method, this.#plan.tables, reply.result);
    const replica = new Replica(this.#plan.tables, continued ? this.#base : undefined);
    replica.apply(first);
    this.#replica = replica;
    const batches = [replica.changesSince(this.#options.previous)];
    for (const params of this.#early) batches.push(this.#update(replica, params));
    this.#early = [];
    return { replica, batches };
  }

  /** What a notification changed. Throws OVSDB_CLOSED when the server ends the monitor, OVSDB_BAD_MESSAGE, OVSDB_TOO_LARGE. */
  notification(method: string, params: readonly unknown[]): Batch {
    if (params[0] !== monitorId) return [];
    // The database is going away or changes its schema [ovsdb-server(7) 4.1.7].
    if (method === 'monitor_canceled') throw new HeddleError('OVSDB_CLOSED', 'the server ended the monitor');
    if (method !== notifications[this.#method]) return [];
    if (this.#replica !== undefined) return this.#update(this.#replica, params);
    this.#earlyBytes += JSON.stringify(params).length;
    if (this.#earlyBytes > this.#maxEarlyBytes)
      throw new HeddleError(
        'OVSDB_TOO_LARGE',
        `updates of ${this.#earlyBytes} bytes before the monitor's reply`,
      );
    this.#early.push(params);
    return [];
  }

  #update(replica: Replica, params: readonly unknown[]): Batch {
    return replica.apply(parseUpdate(this.#method, this.#plan.tables, params));
  }
}
