import * as z from 'zod';
import {
  defineApp,
  emptyProgram,
  type HypervisorView,
  type Membership,
  membershipOf,
  type Setup,
  type SwitchView,
  type World,
} from '../../intent/index.js';
import type { Dpid } from '../../lib/addresses.js';
import { hostProgram, type HostProgram } from '../../qos/host-program.js';
import { numbersOf, qosTables, type TableNumbers } from '../../qos/tables.js';

interface State {
  readonly tables: TableNumbers;
  readonly numberMeters: Setup['numberMeters'];
  readonly membership: Membership;
  /** What was made of a host, while that is as it was: views are values, replaced and never edited. */
  readonly made: WeakMap<HypervisorView, Made>;
}

interface Made {
  readonly features: SwitchView['features'];
  readonly program: HostProgram;
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
    made: new WeakMap(),
  }),

  reconfigure: (_options, _setup, state, world) => ({
    state: { ...state, membership: membershipOf(world.networks), made: new WeakMap() },
    changed: world.switches.keys(),
  }),

  on(event, state, world) {
    if (event.type === 'switch-up') return { state, changed: [event.dpid] };
    if (event.type !== 'hypervisor-changed') return { state };
    const view = world.hypervisors.get(event.name);
    return view === undefined ? { state } : { state, changed: [view.config.dpid] };
  },

  desired(state, world, dpid) {
    const view = viewOf(world, dpid);
    // Of a host that has not been read nothing is known: nothing is added, and nothing taken away.
    return view?.known === true ? programOf(view, state, world).program : { ...emptyProgram, keep: 'all' };
  },

  qos(state, world, hypervisor) {
    const view = world.hypervisors.get(hypervisor);
    return view?.known === true ? programOf(view, state, world).shaping : undefined;
  },

  policing(state, world, hypervisor) {
    const view = world.hypervisors.get(hypervisor);
    return view?.known === true ? programOf(view, state, world).policing : undefined;
  },

  report(state, world) {
    const programs = [...world.hypervisors.values()].map(view => programOf(view, state, world));
    return {
      problems: programs.flatMap(({ problems }) => problems),
      limits: programs.flatMap(({ limits }) => limits),
      queues: programs.flatMap(({ queues }) => queues),
    };
  },
});

const viewOf = ({ hypervisors }: World, dpid: Dpid): HypervisorView | undefined => {
  for (const view of hypervisors.values()) if (view.config.dpid === dpid) return view;
  return undefined;
};

function programOf(
  view: HypervisorView,
  { made, tables, numberMeters, membership }: State,
  { networks, switches }: World,
): HostProgram {
  const features = switches.get(view.config.dpid)?.features;
  const before = made.get(view);
  if (before !== undefined && before.features === features) return before.program;
  const program = hostProgram({
    view,
    ...(features && { features }),
    membership,
    networks,
    tables,
    numberMeters,
  });
  made.set(view, { features, program });
  return program;
}
