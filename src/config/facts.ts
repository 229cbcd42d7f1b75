import type * as z from 'zod';
import type { Dpid } from '../lib/addresses.js';
import type { Vtep } from '../lib/vtep.js';
import { isMap, readAppEntry } from './apps.js';
import type { OvsdbSource, PortSelector } from './config.js';
import { dpidOfName } from './dpid.js';
import type { TcpEndpoint } from './endpoint.js';
import type { KeyPath } from './mistake.js';
import { ovsdbSource, portSelector } from './schema.js';
import * as leaf from './values.js';

/**
 * What a file says, as far as each single value can be understood: the checks across values work on this, so that a mistake
 * in one network hides none in another.
 */
export interface Facts {
  readonly listen?: TcpEndpoint;
  /** Whether openflow.advertise is in the file, right or wrong. */
  readonly advertises: boolean;
  /** Whether the section of ovsdb.listen is in the file, right or wrong. */
  readonly ovsdbListens: boolean;
  readonly apps: readonly At<{ name: string }>[];
  /** Whether `apps` is a list of which each entry could be read: only then is it known what is not in it. */
  readonly appsListed: boolean;
  /** False where `hypervisors` is there but is no map: then nothing is known of them. */
  readonly hypervisorsKnown: boolean;
  readonly hypervisors: readonly HypervisorFacts[];
  readonly networks: readonly NetworkFacts[];
  /** The names of the policies, right or wrong; undefined where `qos.policies` is there but is no map. */
  readonly policies: readonly string[] | undefined;
  /** Where a class of a policy names a network. */
  readonly classNetworks: readonly At<{ network: string }>[];
  /** Where a policy, or a class of one, names a queue. */
  readonly queues: readonly At<{ queue: string }>[];
}

export type At<T> = T & { readonly path: KeyPath };

export interface HypervisorFacts {
  readonly name: string;
  readonly path: KeyPath;
  readonly ovsdb: OvsdbSource | undefined;
  readonly bridge: string | undefined;
  readonly vtep: Vtep | undefined;
  readonly uplink: string | undefined;
  readonly dpid: Dpid | undefined;
  readonly dpidSaid: boolean;
  /** Whether there is an egress, right or wrong. */
  readonly shaped: boolean;
  /** Names of its queues, right or wrong. */
  readonly queues: readonly string[];
}

export interface NetworkFacts {
  readonly name: string;
  readonly path: KeyPath;
  readonly vni: number | undefined;
  /** Of the uplinks. */
  readonly vlan: number | undefined;
  /** Whether the file says these, right or wrong; undefined where the network is no map. */
  readonly says: { readonly vni: boolean; readonly vlan: boolean } | undefined;
  readonly ports: readonly At<{ selector: PortSelector }>[];
  readonly remotes: readonly At<{ address: Vtep }>[];
  readonly mesh: readonly At<{ glob: string }>[];
  /** Where a policy is named: by the network, or by one of its ports. */
  readonly policies: readonly At<{ policy: string }>[];
}

export function surveyFacts(file: unknown): Facts {
  const root = isMap(file) ? file : {};
  const openflow = isMap(root['openflow']) ? root['openflow'] : {};
  const listen = understood(leaf.tcpListen, openflow['listen']);
  const entries = items(root['apps']);
  const apps = entries.flatMap(([index, entry]) => {
    const read = readAppEntry(entry);
    return 'value' in read ? [{ name: read.value.name, path: ['apps', index] }] : [];
  });
  return {
    ...(listen === undefined ? {} : { listen }),
    advertises: 'advertise' in openflow,
    ovsdbListens: 'ovsdb' in root,
    apps,
    appsListed: Array.isArray(root['apps']) && apps.length === entries.length,
    hypervisorsKnown: !('hypervisors' in root) || isMap(root['hypervisors']),
    hypervisors: maps(root['hypervisors']).map(([name, value]) => hypervisorFacts(name, value)),
    networks: maps(root['networks']).map(([name, value]) => networkFacts(name, value)),
    policies: policyNames(root['qos']),
    classNetworks: classNetworks(root['qos']),
    queues: queuesNamed(root['qos']),
  };
}

function hypervisorFacts(name: string, value: Record<string, unknown>): HypervisorFacts {
  const dpidSaid = 'datapath-id' in value;
  return {
    name,
    path: ['hypervisors', name],
    ovsdb: understood(ovsdbSource, value['ovsdb']),
    bridge: understood(leaf.bridgeName, 'bridge' in value ? value['bridge'] : 'br-int'),
    vtep: understood(leaf.tunnelAddress, value['vtep']),
    uplink: understood(leaf.portName, value['uplink']),
    dpid: dpidSaid ? understood(leaf.datapathId, value['datapath-id']) : dpidOfName(name),
    dpidSaid,
    shaped: 'egress' in value,
    queues: maps(isMap(value['egress']) ? value['egress']['queues'] : undefined).map(([queue]) => queue),
  };
}

function networkFacts(name: string, value: Record<string, unknown>): NetworkFacts {
  const path = ['networks', name];
  return {
    name,
    path,
    vni: understood(leaf.vni, value['vni']),
    vlan: understood(leaf.vlan, value['vlan']),
    says: value === notAMap ? undefined : { vni: 'vni' in value, vlan: 'vlan' in value },
    ports: items(value['ports']).flatMap(([index, entry]) => {
      const selector = understood(portSelector, entry);
      return selector === undefined ? [] : [{ selector, path: [...path, 'ports', index] }];
    }),
    remotes: items(value['remotes']).flatMap(([index, entry]) => {
      const address = understood(leaf.tunnelAddress, entry);
      return address === undefined ? [] : [{ address, path: [...path, 'remotes', index] }];
    }),
    mesh: items(value['mesh']).flatMap(([index, entry]) => {
      const glob = understood(leaf.portGlob, entry);
      return glob === undefined ? [] : [{ glob, path: [...path, 'mesh', index] }];
    }),
    policies: policiesNamed(value, path),
  };
}

function policyNames(qos: unknown): readonly string[] | undefined {
  if (qos === undefined) return [];
  const policies = isMap(qos) ? (qos['policies'] ?? {}) : undefined;
  return isMap(policies) ? Object.keys(policies) : undefined;
}

function queuesNamed(qos: unknown): At<{ queue: string }>[] {
  return maps(isMap(qos) ? qos['policies'] : undefined).flatMap(([policy, value]) => {
    const path = ['qos', 'policies', policy];
    const named = (of: unknown, at: KeyPath) =>
      isMap(of) && typeof of['queue'] === 'string' ? [{ queue: of['queue'], path: [...at, 'queue'] }] : [];
    return [
      ...named(value, path),
      ...items(value['classes']).flatMap(([index, one]) => named(one, [...path, 'classes', index])),
    ];
  });
}

function classNetworks(qos: unknown): At<{ network: string }>[] {
  return maps(isMap(qos) ? qos['policies'] : undefined).flatMap(([policy, value]) =>
    items(value['classes']).flatMap(([index, entry]) => {
      const match = isMap(entry) && isMap(entry['match']) ? entry['match'] : {};
      const path = ['qos', 'policies', policy, 'classes', index, 'match', 'networks'];
      return items(match['networks']).flatMap(([at, network]) =>
        typeof network === 'string' ? [{ network, path: [...path, at] }] : [],
      );
    }),
  );
}

function policiesNamed(network: Record<string, unknown>, path: KeyPath): At<{ policy: string }>[] {
  const named = (value: unknown, at: KeyPath) =>
    typeof value === 'string' ? [{ policy: value, path: [...at, 'qos'] }] : [];
  return [
    ...named(network['qos'], path),
    ...items(network['ports']).flatMap(([index, port]) =>
      isMap(port) ? named(port['qos'], [...path, 'ports', index]) : [],
    ),
  ];
}

const understood = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> | undefined => {
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
};

const items = (value: unknown): [number, unknown][] => (Array.isArray(value) ? [...value.entries()] : []);

/** The members of a map of maps; a member that is something else has a name, and nothing else that is known. */
const maps = (value: unknown): [string, Record<string, unknown>][] =>
  isMap(value) ? Object.entries(value).map(([name, member]) => [name, isMap(member) ? member : notAMap]) : [];

const notAMap: Record<string, unknown> = {};
