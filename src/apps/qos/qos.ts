import * as z from 'zod';
import {
  defineApp,
  emptyProgram,
  type HypervisorView,
  type Membership,
  membershipOf,
  meterIds,
  type Problem,
  type Setup,
  type World,
} from '../../intent/index.js';
import { groupBy } from '../../lib/group-by.js';
import { qosProgram, type QosProgram } from '../../qos/program.js';
import type { Subject } from '../../qos/subject.js';
import { numbersOf, qosTables, type TableNumbers } from '../../qos/tables.js';

interface State {
  readonly tables: TableNumbers;
  readonly numberMeters: Setup['numberMeters'];
  readonly membership: Membership;
}

/** Service levels (the file's `qos`): limits by meters, and marks in the DS field, for the ports of networks. */
export const qos = defineApp<Record<string, never>, State>({
  name: 'qos',
  scope: 'hypervisors',
  options: z.strictObject({}),
  tables: qosTables,

  init: (_options, { tables, numberMeters }, world) => ({
    tables: numbersOf(tables),
    numberMeters,
    membership: membershipOf(world.networks),
  }),

  reconfigure: (_options, _setup, state, world) => ({
    state: { ...state, membership: membershipOf(world.networks) },
    changed: world.switches.keys(),
  }),

  on(event, state, world) {
    if (event.type === 'switch-up') return { state, changed: [event.dpid] };
    if (event.type !== 'hypervisor-changed') return { state };
    const view = world.hypervisors.get(event.name);
    return view === undefined ? { state } : { state, changed: [view.config.dpid] };
  },

  desired(state, world, dpid) {
    const view = [...world.hypervisors.values()].find(({ config }) => config.dpid === dpid);
    // Of a host that has not been read nothing is known: nothing is added, and nothing taken away.
    return view?.known === true ? programOf(view, state).program : { ...emptyProgram, keep: 'all' };
  },

  report: (state, world) => ({ problems: problemsOf(state, world) }),
});

const programOf = (view: HypervisorView, { tables, numberMeters, membership }: State): QosProgram =>
  qosProgram(subjectsOf(view, membership), tables, numberMeters);

/** A port counts once in each network, by however many of its VLANs. */
function subjectsOf({ config, ports }: HypervisorView, membership: Membership): readonly Subject[] {
  const subjects = new Map<string, Subject>();
  for (const port of ports.values()) {
    if (port.ofport === undefined) continue;
    for (const { network, policy } of membership(config.name, port)) {
      const key = `${network.vni} ${port.name}`;
      if (policy === undefined || subjects.has(key)) continue;
      const metadata = BigInt(network.vni);
      subjects.set(key, { port: port.name, ofport: port.ofport, network: network.name, metadata, policy });
    }
  }
  return [...subjects.values()];
}

const problemsOf = (state: State, { hypervisors }: World): readonly Problem[] =>
  [...hypervisors.values()].flatMap(view =>
    [...groupBy(programOf(view, state).unlimited, ({ subject }) => subject)].map(
      ([{ port, network, policy }]) => ({
        hypervisor: view.config.name,
        network,
        port,
        message: `policy ${policy.name} is not applied in full: this switch has no meter left for it, as the app uses ${meterIds.most} at most`,
      }),
    ),
  );
