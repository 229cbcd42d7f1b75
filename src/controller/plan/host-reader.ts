import type { Endpoint } from '../../config/config.js';
import { OvsdbSession, type Replica, type SessionOutput, type WantedTables } from '../../ovsdb/index.js';
import type { Arrival } from '../arrivals.js';
import type { Effects, Stream, StreamHandlers } from '../effects.js';
import { monitored } from '../monitored.js';

/** A host's database at one moment, or why it could not be read. */
export type HostReading =
  | {
      readonly ok: true;
      readonly rows: Replica;
      /** This machine's own address on the connection: where the host finds it. None over a Unix socket. */
      readonly seenFrom?: string;
    }
  | { readonly ok: false; readonly why: string };

type Clock = Pick<Effects, 'every' | 'now'>;

/**
 * Reads a host's OVSDB once, and lets go. No lock is asked for, and no transaction sent. Never rejects.
 *
 * @param wanted the columns that are read; those of a plan, unless said
 */
export const readHost = (
  endpoint: Endpoint,
  effects: Clock & Pick<Effects, 'connect'>,
  wanted: WantedTables = monitored,
): Promise<HostReading> => read(effects, wanted, handlers => effects.connect(endpoint, handlers));

/** The same with a host that has dialled in. */
export const readArrival = (
  arrival: Arrival,
  effects: Clock & Pick<Effects, 'defer'>,
): Promise<HostReading> =>
  read(effects, monitored, handlers => {
    const { stream, unfinished } = arrival.take(handlers);
    effects.defer(() => {
      handlers.opened();
      handlers.received(unfinished);
    });
    return stream;
  });

function read(
  effects: Clock,
  wanted: WantedTables,
  connect: (handlers: StreamHandlers & { opened(): void }) => Stream,
): Promise<HostReading> {
  return new Promise(resolve => {
    const session = new OvsdbSession({ database: 'Open_vSwitch', tables: wanted, now: effects.now() });
    const end = (reading: HostReading): void => {
      ticker.cancel();
      stream.destroy();
      resolve(reading);
    };
    const handle = (outputs: readonly SessionOutput[]): void => {
      for (const output of outputs) {
        if (output.type === 'send') stream.write(output.text);
        else if (output.type === 'ready') {
          const seenFrom = stream.local;
          end({ ok: true, rows: output.replica.with([]), ...(seenFrom !== undefined && { seenFrom }) });
        } else if (output.type === 'close') end({ ok: false, why: output.error.message });
      }
    };
    const ticker = effects.every(1_000, () => handle(session.tick(effects.now())));
    const stream: Stream = connect({
      opened: () => handle(session.opened(effects.now())),
      received: chunk => handle(session.received(chunk, effects.now())),
      closed: reason => end({ ok: false, why: reason }),
    });
  });
}
