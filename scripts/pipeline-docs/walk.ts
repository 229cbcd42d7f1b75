/** The way of a few frames, as docs/pipeline.md draws it; that they really go so, a test asks of a model of the switch. */

export interface Hop {
  readonly host: string;
  /** Those with a flow that matched, in the order in which the frame came to them first. */
  readonly tables: readonly number[];
  /** Where it leaves the switch. */
  readonly out: readonly string[];
}

export interface Walk {
  readonly title: string;
  /** The port's name on the first host. */
  readonly from: string;
  readonly to: string;
  readonly ethType: 'arp' | 'ip';
  readonly arp?: { readonly op: 1 | 2; readonly sender: string; readonly target: string };
  readonly source: string;
  readonly hops: readonly Hop[];
}

const [web, app] = ['02:00:00:00:00:01', '02:00:00:00:00:02'];
const all = 'ff:ff:ff:ff:ff:ff';

export const walks: readonly Walk[] = [
  {
    title: 'web asks who has 10.0.0.2: to all of the network',
    ...{ from: 'vnet1', source: web, to: all, ethType: 'arp' },
    arp: { op: 1, sender: '10.0.0.1', target: '10.0.0.2' },
    hops: [
      {
        host: 'kvm1',
        tables: [0, 40, 50, 60, 80, 95],
        out: ['10.97.0.2, VNI 5000', '10.97.0.9, VNI 5000'],
      },
      { host: 'kvm2', tables: [0, 5, 60, 80, 95], out: ['vnet1', 'vnet2', 'eth1 with VLAN 10'] },
    ],
  },
  {
    title: 'app answers: to web alone',
    ...{ from: 'vnet1', source: app, to: web, ethType: 'arp' },
    arp: { op: 2, sender: '10.0.0.2', target: '10.0.0.1' },
    hops: [
      { host: 'kvm2', tables: [0, 40, 50, 60, 95], out: ['10.97.0.1, VNI 5000'] },
      { host: 'kvm1', tables: [0, 5, 60, 95], out: ['vnet1'] },
    ],
  },
  {
    title: 'web sends IP to app',
    ...{ from: 'vnet1', source: web, to: app, ethType: 'ip' },
    hops: [
      { host: 'kvm1', tables: [0, 40, 50, 60, 95], out: ['10.97.0.2, VNI 5000'] },
      { host: 'kvm2', tables: [0, 5, 60, 95], out: ['vnet1'] },
    ],
  },
  {
    title: 'web asks who has 10.0.0.5, which the file says: its own switch answers',
    ...{ from: 'vnet1', source: web, to: all, ethType: 'arp' },
    arp: { op: 1, sender: '10.0.0.1', target: '10.0.0.5' },
    hops: [{ host: 'kvm1', tables: [0, 40, 50, 95], out: ['vnet1, as the answer'] }],
  },
];

/** One line for each host, and one for each place where the frame comes out. */
export function draw({ from, hops }: Walk, nameOf: (table: number) => string): string[] {
  const widest = Math.max(...hops.map(({ host }) => host.length));
  return hops.flatMap(({ host, tables, out }, index) => {
    const comes = index === 0 ? `${from} ─►` : '└─►'.padStart(from.length + 3);
    const indent = ' '.repeat(comes.length + 1 + widest + 2);
    return [
      `${comes} ${host.padEnd(widest)}  ${tables.map(table => `${table} ${nameOf(table)}`).join(' ─► ')}`,
      ...out.map((place, at) => `${indent}${at === out.length - 1 ? '└' : '├'}─► ${place}`),
    ];
  });
}
