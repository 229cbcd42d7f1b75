import * as z from 'zod';
import { readAppEntry, type AppEntry } from './apps.js';
import type { OvsdbSource } from './config.js';
import { readOvsdbSource } from './ovsdb.js';
import { egress } from './egress.js';
import { glob } from '../lib/glob.js';
import { policy } from './policies.js';
import { section } from './section.js';
import * as value from './values.js';
import { notYet } from './values.js';

/** The file's schema: what each key may hold. What parts of the file say about each other is the checks' affair. */

const appEntry = z.unknown().transform((entry, context): AppEntry => {
  const read = readAppEntry(entry);
  if ('value' in read) return read.value;
  const { path, message, ...params } = read;
  context.addIssue({ code: 'custom', path: [...path], message, params });
  return z.NEVER;
});

export const ovsdbSource = z.unknown().transform((entry, context): OvsdbSource => {
  const read = readOvsdbSource(entry);
  if ('value' in read) return read.value;
  const { path, message, ...params } = read;
  context.addIssue({ code: 'custom', path: [...path], message, params });
  return z.NEVER;
});

const hypervisor = section({
  ovsdb: ovsdbSource,
  bridge: value.bridgeName.default('br-int'),
  datapath: value.datapath.default('system'),
  vtep: value.tunnelAddress,
  'datapath-id': value.datapathId.optional(),
  uplink: value.portName.optional(),
  egress: egress.optional(),
});

export const portSelector = section({
  'iface-id': value.ifaceIdGlob.optional(),
  port: value.portGlob.optional(),
  on: value.hypervisorName.optional(),
  vlan: value.vlan.optional(),
  qos: value.name.optional(),
  'max-macs': value.maxMacs.optional(),
  addresses: z.array(value.ipAddress, { error: 'expected a list of IP addresses' }).optional(),
}).transform((selector, context) => {
  // An unknown key was told already, and is most likely the one that seems to be missing.
  if (context.issues.length > 0) return z.NEVER;
  const { 'iface-id': ifaceId, port, on, vlan, qos, 'max-macs': maxMacs, addresses } = selector;
  if (addresses !== undefined && !glob(ifaceId ?? port ?? '').literal) {
    const message = 'expected no wildcard in a name that has addresses: they are those of one port';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
  const also = {
    ...(vlan !== undefined && { vlan }),
    ...(qos !== undefined && { qos }),
    ...(maxMacs !== undefined && { maxMacs }),
    ...(addresses !== undefined && { addresses }),
  };
  if (port !== undefined && ifaceId === undefined) {
    return { by: 'port' as const, glob: port, ...(on === undefined ? {} : { on }), ...also };
  }
  if (ifaceId !== undefined && port === undefined && on === undefined) {
    return { by: 'iface-id' as const, glob: ifaceId, ...also };
  }
  const message =
    ifaceId !== undefined && port === undefined
      ? 'expected no "on" beside iface-id, which follows the VM from host to host'
      : 'expected either iface-id or port';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const network = section({
  vni: value.vni.optional(),
  vlan: value.vlan.optional(),
  ports: z.array(portSelector, { error: 'expected a list of ports' }).default([]),
  remotes: z.array(value.tunnelAddress, { error: 'expected a list of IP addresses' }).default([]),
  mesh: z.array(value.portGlob, { error: "expected a list of ports' names or globs" }).default([]),
  flood: section({
    'unknown-unicast': value.floodLimit.optional(),
    broadcast: value.floodLimit.optional(),
    multicast: value.floodLimit.optional(),
  }).default({}),
  'mac-age': value.macAge.optional(),
  'learn-ips': z.boolean({ error: 'expected true or false' }).default(false),
  qos: value.name.optional(),
});

export const fileSchema = section({
  openflow: section({
    listen: value.tcpListen.optional(),
    advertise: value.advertise.optional(),
  }).optional(),
  ovsdb: section({ listen: value.tcpListen }).optional(),
  api: section({ listen: value.apiListen.optional() }).optional(),
  apps: z.array(appEntry, { error: 'expected a list of apps' }).optional(),
  hypervisors: z
    .record(value.name, hypervisor, { error: 'expected a map of names to hypervisors' })
    .default({}),
  networks: z.record(value.name, network, { error: 'expected a map of names to networks' }).default({}),
  tls: notYet('TLS (tls)'),
  qos: section({
    policies: z.record(value.name, policy, { error: 'expected a map of names to policies' }).default({}),
  }).optional(),
  store: notYet('shared state (store)'),
});

export type FileValue = z.output<typeof fileSchema>;
