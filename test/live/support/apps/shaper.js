/** An app of a user's own that wants ports, and a rate for some of those that are there. */
import { z } from 'zod';

const options = z.strictObject({
  /** Bits per second, by the name of the port. */
  rates: z.record(z.string(), z.int().positive()).default({}),
  /** Names of ports to make, of the type internal unless they begin with `bad`. */
  ports: z.array(z.string()).default([]),
});

export default {
  name: 'shaper',
  scope: 'hypervisors',
  options,
  tables: [],
  init: given => given,
  on: (_event, state) => ({ state }),
  desired: () => ({ flows: [], groups: [], learned: new Set() }),

  ports: ({ ports }) =>
    ports.map(name => ({ name, type: name.startsWith('bad') ? 'system' : 'internal', options: {} })),

  qos: ({ rates }) =>
    Object.entries(rates).map(([port, rate]) => ({
      port,
      type: 'linux-htb',
      otherConfig: { 'max-rate': String(rate) },
      queues: [
        { number: 0, otherConfig: { 'max-rate': String(rate) } },
        { number: 1, otherConfig: { 'max-rate': String(rate / 2) }, dscp: 46 },
      ],
    })),
};
