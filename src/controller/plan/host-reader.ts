import type { Endpoint } from '../../config/config.js';
import { OvsdbSession, type Replica, type SessionOutput } from '../../ovsdb/index.js';
import type { Effects, Stream } from '../effects.js';
import { monitored } from '../hypervisor-link.js';

/** A host's database at one moment, or why it could not be read. */
export type HostReading =
  { readonly ok: true; readonly rows: Replica } | { readonly ok: false; readonly why: string };

/** Reads a host's OVSDB once, and lets go. No lock is asked for, and no transaction sent. Never rejects. */
export function readHost(
  endpoint: Endpoint,
  effects: Pick<Effects, 'connect' | 'every' | 'now'>,
): Promise<HostReading> {
  return new Promise(resolve => {
    const session = new OvsdbSession({ database: 'Open_vSwitch', tables: monitored, now: effects.now() });
    const end = (reading: HostReading): void => {
      ticker.cancel();
      stream.destroy();
      resolve(reading);
    };
    const handle = (outputs: readonly SessionOutput[]): void => {
      for (const output of outputs) {
        if (output.type === 'send') stream.write(output.text);
        else if (output.type === 'ready') end({ ok: true, rows: output.replica.with([]) });
        else if (output.type === 'close') end({ ok: false, why: output.error.message });
      }
    };
    const ticker = effects.every(1_000, () => handle(session.tick(effects.now())));
    const stream: Stream = effects.connect(endpoint, {
      opened: () => handle(session.opened(effects.now())),
      received: chunk => handle(session.received(chunk, effects.now())),
      closed: reason => end({ ok: false, why: reason }),
    });
  });
}
