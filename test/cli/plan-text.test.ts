/** How a plan is printed, and which exit code it has. */
import t from 'tap';
import { exitCodeOf } from '../../src/cli/plan.js';
import { formatPlan } from '../../src/cli/plan-text.js';
import type { HostPlanned, Plan } from '../../src/controller/plan/plan.js';

const nothing: HostPlanned = {
  name: 'kvm1',
  ovsdb: 'tcp:192.0.2.1:6640',
  bridge: 'br-int',
  count: { added: 0, changed: 0, removed: 0 },
  rows: [],
  groups: [],
  meters: [],
  flows: [],
  leftAlone: { ports: [], qos: [], groups: [], meters: [] },
  disrupts: [],
  problems: [],
  notes: [],
};

const planOf = (...hosts: readonly HostPlanned[]): Plan => ({ ok: false, hosts, switches: [], problems: [] });

const full: HostPlanned = {
  ...nothing,
  count: { added: 2, changed: 2, removed: 1 },
  rows: [
    {
      table: 'Bridge',
      name: 'br-int',
      change: 'changed',
      columns: [{ column: 'fail_mode', before: '[]', after: 'secure' }],
    },
    {
      table: 'Port',
      name: 'evil\u001b[2J',
      change: 'removed',
      columns: [{ column: 'name', before: 'evil\u001b[2J' }],
    },
  ],
  groups: [{ change: 'changed', text: 'group_id=1,type=all', before: 'group_id=1,type=indirect' }],
  meters: [{ change: 'added', text: 'meter=18433 kbps bands= type=drop rate=1000' }],
  flows: [{ change: 'added', text: 'table=5, priority=1 actions=drop' }],
  notRead: 'its controller is not tcp:192.0.2.9:6653 yet',
  leftAlone: { flows: 12, groups: [7], meters: [], ports: ['eth9', 'vnet3'], qos: ['linux-htb of vnet3'] },
  disrupts: ['br-int gets its first controller'],
  problems: ['port x is there'],
  notes: ['as it is'],
};

t.test('for a person', t => {
  t.equal(
    formatPlan({ ...planOf(full), problems: ['app: threw'] }),
    [
      'kvm1 (bridge br-int, tcp:192.0.2.1:6640): 2 to add, 2 to change, 1 to remove',
      '  OVSDB',
      '    ~ Bridge br-int',
      '        fail_mode: [] -> secure',
      '    - Port evil\\u001b[2J',
      '        name: evil\\u001b[2J',
      '  Groups',
      '    ~ group_id=1,type=all',
      '      was group_id=1,type=indirect',
      '  Meters',
      '    + meter=18433 kbps bands= type=drop rate=1000',
      '  Flows',
      '    + table=5, priority=1 actions=drop',
      '  not read: its flows, groups and meters, as its controller is not tcp:192.0.2.9:6653 yet; all that is wanted is shown as added',
      '  disrupts: br-int gets its first controller',
      '  in the way: port x is there',
      '  note: as it is',
      "  left alone, as not Heddle's: 12 flows, 1 group (7), 2 ports (eth9, vnet3), 1 QoS (linux-htb of vnet3)",
      '',
      'Wrong',
      '  app: threw',
      '',
      'In all: 2 to add, 2 to change, 1 to remove. Nothing was changed.',
    ].join('\n'),
  );
  const failed = planOf(nothing, { ...nothing, name: 'kvm2', error: 'connection refused' });
  t.equal(
    formatPlan(failed),
    [
      'kvm1 (bridge br-int, tcp:192.0.2.1:6640): nothing to change',
      '',
      'kvm2 (bridge br-int, tcp:192.0.2.1:6640): cannot be read: connection refused',
      '',
      'In all: nothing to change; 1 host could not be read. Nothing was changed.',
    ].join('\n'),
  );
  const plain = {
    dpid: '0000000000000099',
    count: nothing.count,
    groups: [],
    meters: [],
    flows: [],
    untouched: 'left alone: why',
    leftAlone: { flows: 1, groups: [], meters: [] },
    notes: ['as it is'],
  };
  t.match(
    formatPlan({ ...planOf(), switches: [plain] }),
    "switch 0000000000000099: nothing to change\n  left alone: why\n  note: as it is\n  left alone, as not Heddle's: 1 flow\n",
  );
  t.end();
});

t.test('on a terminal', t => {
  const { isTTY } = process.stdout;
  const { NO_COLOR } = process.env;
  t.teardown(() => {
    process.stdout.isTTY = isTTY;
    if (NO_COLOR === undefined) delete process.env['NO_COLOR'];
    else process.env['NO_COLOR'] = NO_COLOR;
  });
  process.stdout.isTTY = true;
  process.env['NO_COLOR'] = '';
  const text = formatPlan(planOf(full));
  t.match(text, '\u001b[32m+ table=5, priority=1 actions=drop\u001b[39m', 'green');
  t.match(text, '\u001b[33m~ group_id=1,type=all\u001b[39m', 'yellow');
  t.match(text, '\u001b[31m- Port evil', 'red');
  t.notMatch(text, '\u001b[2J', 'and nothing of what was read');
  process.env['NO_COLOR'] = '1';
  t.notMatch(formatPlan(planOf(full)), '\u001b');
  t.end();
});

t.test('exit codes', t => {
  t.equal(exitCodeOf({ ...planOf(nothing), ok: true }), 0);
  t.equal(exitCodeOf(planOf(full)), 2);
  t.equal(exitCodeOf({ ...planOf(full), error: 'it said nothing for 40 s' }), 1);
  t.equal(exitCodeOf(planOf(full, { ...nothing, error: 'connection refused' })), 1);
  t.end();
});
