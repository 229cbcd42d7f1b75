import { formatDpid } from '../../lib/addresses.js';
import { familyOf, formatVtep } from '../../lib/vtep.js';
import { formatEndpoint, isDialable } from '../endpoint.js';
import type { Facts } from '../facts.js';
import { formatPath, type Finding } from '../mistake.js';
import type { LineOf } from '../source.js';
import { repeats } from './repeats.js';

/** What hypervisors must not share, and what Heddle needs to be found by them. */
export function checkHypervisors(facts: Facts, lineOf: LineOf): Finding[] {
  const { hypervisors } = facts;
  return [
    ...checkAdvertise(facts),
    ...checkDialIn(facts),
    ...checkFamilies(facts, lineOf),
    ...repeats(
      hypervisors,
      ({ ovsdb }) => (ovsdb?.transport === 'dial-in' ? ovsdb.systemId : undefined),
      (host, first) => ({
        path: [...host.path, 'ovsdb'],
        message: `this is the system-id of ${formatPath(first.path)} again (line ${lineOf([...first.path, 'ovsdb'])}): each host has its own, and dials in once`,
      }),
    ),
    ...repeats(
      hypervisors,
      host => host.vtep,
      (host, first) => ({
        path: [...host.path, 'vtep'],
        message: `${formatVtep(host.vtep ?? 0)} is also the vtep of ${formatPath(first.path)} (line ${lineOf([...first.path, 'vtep'])}): each hypervisor needs its own`,
      }),
    ),
    ...repeats(
      hypervisors,
      ({ ovsdb }) =>
        ovsdb === undefined || ovsdb.transport === 'dial-in' ? undefined : formatEndpoint(ovsdb),
      (host, first) => ({
        path: [...host.path, 'ovsdb'],
        message: `this is the database of ${formatPath(first.path)} again (line ${lineOf([...first.path, 'ovsdb'])}): a hypervisor has its own, and one bridge in it`,
      }),
    ),
    ...repeats(
      hypervisors,
      host => host.dpid,
      (host, first): Finding => ({
        path: host.dpidSaid ? [...host.path, 'datapath-id'] : host.path,
        message: `the datapath id ${formatDpid(host.dpid ?? 0n)} is also that of ${formatPath(first.path)} (line ${lineOf(first.path)}): each bridge needs its own`,
        ...(host.dpidSaid ? {} : { at: 'key', hint: 'it is made from the name: give one a datapath-id' }),
      }),
    ),
  ];
}

/** A host has one address for tunnels, and reaches those of its own family only. */
function checkFamilies({ hypervisors, networks }: Facts, lineOf: LineOf): Finding[] {
  const [first, ...others] = hypervisors.flatMap(({ vtep, path }) =>
    vtep === undefined ? [] : [{ vtep, path: [...path, 'vtep'] }],
  );
  if (first === undefined) return [];
  const remotes = networks.flatMap(({ remotes }) =>
    remotes.map(({ address, path }) => ({ vtep: address, path })),
  );
  return [...others, ...remotes]
    .filter(({ vtep }) => familyOf(vtep) !== familyOf(first.vtep))
    .map(({ vtep, path }) => ({
      path,
      found: formatVtep(vtep),
      message: `expected an ${familyOf(first.vtep)} address, as ${formatPath(first.path)} has (line ${lineOf(first.path)}): no tunnel joins two families`,
    }));
}

/** Who is to dial in needs a place to dial to. */
function checkDialIn({ hypervisors, ovsdbListens }: Facts): Finding[] {
  const names = hypervisors.flatMap(({ name, ovsdb }) => (ovsdb?.transport === 'dial-in' ? [name] : []));
  if (names.length === 0 || ovsdbListens) return [];
  const who = names.length > 3 ? `${names.slice(0, 3).join(', ')} and others` : names.join(', ');
  return [
    {
      path: ['ovsdb', 'listen'],
      message: `missing, expected the tcp:HOST:PORT where ${who} dial${names.length === 1 ? 's' : ''} in, for example tcp:0.0.0.0:6640`,
    },
  ];
}

/** Hosts are told where to connect to: an address that only listens cannot be told. */
function checkAdvertise(facts: Facts): Finding[] {
  const { listen } = facts;
  if (listen === undefined || isDialable(listen) || facts.advertises || facts.hypervisors.length === 0)
    return [];
  return [
    {
      path: ['openflow', 'advertise'],
      message: `missing, expected the tcp:HOST:PORT that hypervisors connect to, since nothing can connect to ${formatEndpoint(listen)}`,
    },
  ];
}
