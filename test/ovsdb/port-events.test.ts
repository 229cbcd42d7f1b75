import t from 'tap';
import {
  portEvents,
  portsOf,
  readBoolean,
  readReferenceMap,
  readStringMap,
  readStrings,
} from '../../src/ovsdb/index.js';
import { a, uuidOf, FakeServer, update3, answers } from '../support/scripted-ovsdb.js';

t.test('ports appear, move, change and go', t => {
  const [br0, br1, port, face] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4)];
  const server = new FakeServer(answers());
  let ports = portsOf(server.replica);
  const eventsOf = (updates: unknown) => {
    server.say(update3(updates));
    const now = portsOf(server.replica);
    const events = portEvents(ports, now);
    ports = now;
    return events;
  };
  const inserted = {
    Bridge: { [br0]: { insert: { name: 'br0', ports: ['uuid', port] } }, [br1]: { insert: { name: 'br1' } } },
    Port: { [port]: { insert: { name: 'tap0', interfaces: ['uuid', face] } } },
    Interface: { [face]: { insert: { name: 'tap0', external_ids: ['map', [['iface-id', 'fw1']]] } } },
  };
  const events = eventsOf(inserted);
  t.match(events, [{ type: 'appeared', port: { bridge: 'br0', name: 'tap0', ofport: null, error: null } }]);
  t.equal(events[0]?.type === 'appeared' && events[0].port.externalIds.get('iface-id'), 'fw1');
  const modify = (columns: unknown) => eventsOf({ Interface: { [face]: { modify: columns } } });
  t.match(modify({ ofport: 4 }), [{ type: 'moved', port: { ofport: 4 }, before: { ofport: null } }]);
  t.match(modify({ ofport: -1, error: 'no such device' }), [
    { type: 'moved', port: { ofport: null, error: 'no such device' } },
  ]);
  t.match(modify({ external_ids: ['map', [['iface-id', 'fw2']]] }), [{ type: 'changed' }]);
  const second = uuidOf(5);
  const bonding = {
    Port: { [port]: { modify: { interfaces: ['uuid', second] } } },
    Interface: { [second]: { insert: { name: 'tap1' } } },
  };
  t.match(
    eventsOf(bonding),
    [
      { type: 'changed', port: { name: 'tap0', port: 'tap0', bonded: true }, before: { bonded: false } },
      { type: 'appeared', port: { name: 'tap1', port: 'tap0', bonded: true } },
    ],
    'a second interface makes a bond',
  );
  eventsOf({ Port: bonding.Port, Interface: { [second]: { delete: null } } });
  const toOther = {
    [br0]: { modify: { ports: ['uuid', port] } },
    [br1]: { modify: { ports: ['uuid', port] } },
  };
  t.match(eventsOf({ Bridge: toOther }), [
    { type: 'moved', port: { bridge: 'br1' }, before: { bridge: 'br0' } },
  ]);
  t.strictSame(eventsOf({ Open_vSwitch: { [a]: { modify: { cur_cfg: 4 } } } }), []);
  t.match(eventsOf({ Bridge: { [br1]: { delete: null } } }), [{ type: 'gone', before: { bridge: 'br1' } }]);
  t.end();
});

t.test('rows read as their types, and as nothing where the type is another', t => {
  const row = {
    flag: true,
    names: ['a', 'b'],
    one: 'x',
    ids: new Map([['k', 'v']]),
    queues: new Map([[1, a]]),
  };
  t.equal(readBoolean(row, 'flag'), true);
  t.equal(readBoolean(row, 'one'), null);
  t.strictSame(readStrings(row, 'names'), ['a', 'b']);
  t.strictSame(readStrings(row, 'one'), ['x']);
  t.strictSame(readStrings(row, 'absent'), []);
  t.strictSame(readStringMap(row, 'ids'), new Map([['k', 'v']]));
  t.strictSame(readStringMap(row, 'queues'), new Map());
  t.strictSame(readReferenceMap(row, 'queues'), new Map([[1, a]]));
  t.strictSame(readReferenceMap(row, 'absent'), new Map());
  t.end();
});
