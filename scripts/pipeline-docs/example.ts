/** A small site for docs/pipeline.md: what the file says, what is plugged in, and the programs that the overlay makes of it. */
import { overlay } from '../../src/apps/overlay/overlay.js';
import { parseConfig } from '../../src/config/parse.js';
import {
  hashText,
  type HostPort,
  type HypervisorView,
  makeCookie,
  numberMeters,
  numberTables,
  type Program,
  type SwitchView,
  tablesOf,
  type World,
} from '../../src/intent/index.js';
import type { Dpid } from '../../src/lib/addresses.js';
import { parseMac } from '../../src/lib/addresses.js';

export const file = `openflow: { listen: tcp:10.98.0.254:6653 }
hypervisors:
  kvm1: { ovsdb: tcp:10.98.0.1:6640, vtep: 10.97.0.1, uplink: eth0 }
  kvm2: { ovsdb: tcp:10.98.0.2:6640, vtep: 10.97.0.2, uplink: eth0 }
networks:
  blue:
    vni: 5000
    ports:
      - iface-id: web
      - iface-id: app
      - { iface-id: db, addresses: [10.0.0.5] }
      - { port: eth1, on: kvm2, vlan: 10 }
    remotes: [10.97.0.9]
    flood: { broadcast: 1000pps }
  rack: { vlan: 100, ports: [{ iface-id: rack-1 }] }
`;

export interface ExamplePort {
  readonly host: string;
  readonly port: string;
  readonly ofport: number;
  readonly ifaceId?: string;
  readonly mac?: string;
  /** In a few words. */
  readonly is: string;
}

const macOf = (last: number): string => `02:00:00:00:00:0${last}`;

export const ports: readonly ExamplePort[] = [
  { host: 'kvm1', port: 'eth0', ofport: 1, is: 'the uplink' },
  { host: 'kvm1', port: 'vnet1', ofport: 10, ifaceId: 'web', mac: macOf(1), is: 'the VM web, 10.0.0.1' },
  {
    host: 'kvm1',
    port: 'vnet2',
    ofport: 11,
    ifaceId: 'rack-1',
    mac: macOf(7),
    is: 'the VM rack-1, on the wire',
  },
  { host: 'kvm2', port: 'eth0', ofport: 1, is: 'the uplink' },
  { host: 'kvm2', port: 'vnet1', ofport: 10, ifaceId: 'app', mac: macOf(2), is: 'the VM app, 10.0.0.2' },
  { host: 'kvm2', port: 'vnet2', ofport: 11, ifaceId: 'db', mac: macOf(5), is: 'the VM db, 10.0.0.5' },
  { host: 'kvm2', port: 'eth1', ofport: 12, is: 'a trunk to a switch of somebody else’s' },
];

/** Of `heddle-vxlan`, on both hosts. */
export const tunnelPort = 2;

export const pipeline = numberTables([overlay]);

export interface Example {
  readonly hosts: readonly { readonly name: string; readonly vtep: number; readonly dpid: Dpid }[];
  program(host: string): Program;
}

/** @throws Error where the file has a mistake */
export function makeExample(): Example {
  const parsed = parseConfig(file, 'heddle.yaml');
  if (!parsed.ok) throw new Error(parsed.mistakes.map(({ message }) => message).join('\n'));
  const { hypervisors, networks } = parsed.config;
  const world: World = {
    networks,
    now: () => 0,
    hypervisors: new Map(hypervisors.map(config => [config.name, { config, ...viewOf(config.name) }])),
    switches: new Map(
      hypervisors.map(({ dpid, name }): [Dpid, SwitchView] => [
        dpid,
        { dpid, peer: name, ports: new Map(), hypervisor: name },
      ]),
    ),
  };
  const setup = {
    tables: tablesOf(pipeline, overlay.name),
    reactiveCookie: 0n,
    learnedCookie: (key: string) => makeCookie(1, 'learned', hashText(key)),
    numberMeters: (names: Iterable<string>) => numberMeters(1, names),
  };
  const state = hypervisors.reduce(
    (before, { name }) => overlay.on({ type: 'hypervisor-changed', name }, before, world).state,
    overlay.init({}, setup, world),
  );
  return {
    hosts: hypervisors.map(({ name, vtep, dpid }) => ({ name, vtep: Number(vtep), dpid })),
    program: host => {
      const found = hypervisors.find(({ name }) => name === host);
      if (found === undefined) throw new Error(`no host ${host}`);
      return overlay.desired(state, world, found.dpid);
    },
  };
}

function viewOf(host: string): Omit<HypervisorView, 'config'> {
  const its = ports
    .filter(one => one.host === host)
    .map(({ port, ofport, ifaceId, mac }): [string, HostPort] => {
      const attachedMac = mac === undefined ? undefined : parseMac(mac);
      return [
        port,
        {
          name: port,
          ofport,
          ...(ifaceId !== undefined && { ifaceId }),
          ...(attachedMac !== undefined && { attachedMac }),
        },
      ];
    });
  return { known: true, tunnelPort, ports: new Map(its) };
}
