/** An app that wants as many flows in each switch as it is told, such as the overlay makes for known MACs. */
import { z } from 'zod';
import { defineApp, type Flow, type Program } from '../../src/intent/index.js';
import { applyActions, gotoTable, match, setField } from '../../src/openflow/index.js';

export const manyTables = [
  { name: 'unicast', stage: 'unicast', miss: 'drop' },
  { name: 'output', stage: 'output', miss: 'drop' },
] as const;

/** One for each MAC: where it is. `at` is any other number when the MAC has moved. */
export const macFlow = (mac: number, at = 1): Flow => ({
  table: 0,
  priority: 100,
  match: match({ metadata: 5_000n, eth_dst: 0x02_00_00_00_00_00 + mac }),
  instructions: [
    applyActions([setField({ tun_dst: 0x0a_61_00_00 + (mac & 0xff) }), setField({ reg1: at })]),
    gotoTable(95),
  ],
});

export const manyFlows = (count: number): Flow[] => Array.from({ length: count }, (_, mac) => macFlow(mac));

/** @param program what is wanted, asked each time */
export const manyFlowsApp = (program: () => Program) =>
  defineApp<Record<string, never>, null>({
    name: 'many-flows',
    scope: 'others',
    options: z.strictObject({}),
    tables: manyTables,
    init: () => null,
    on: (event, state) => (event.type === 'switch-up' ? { state, changed: [event.dpid] } : { state }),
    desired: program,
  });
