import type { HostIntent, PolicingIntent } from '../intent/index.js';
import {
  byUuid,
  mutate,
  readNumber,
  readStringMap,
  readUuids,
  type Replica,
  type Row,
  update,
} from '../ovsdb/index.js';
import { change, type HostPlan, joined, type Named, nameOf, nothing, problem } from './host-plan.js';
import { policingMark, policingOf } from './owner.js';

/**
 * Ingress policing of interfaces that somebody else has made [ovs-vswitchd.conf.db(5), Interface: Ingress Policing]. What Heddle has
 * set there its external_ids say, so that it can be taken back, and told from what somebody else has set since, or before.
 */
export function planPolicing(intent: HostIntent, bridge: Named, rows: Replica): HostPlan {
  const wanted = new Map((intent.policing ?? []).map(one => [one.port, one]));
  const interfaces = readUuids(bridge[1], 'ports').flatMap((port): Named[] => {
    const row = rows.row('Port', port);
    return row === undefined ? [] : interfacesOf(row, rows);
  });
  return joined(
    interfaces.map(found => {
      const want = wanted.get(nameOf(found[1]));
      return want === undefined ? (intent.complete ? takenBack(found) : nothing) : set(found, want);
    }),
  );
}

/** Those of its name: a bond has others, and none of its own. */
const interfacesOf = (port: Row, rows: Replica): Named[] =>
  readUuids(port, 'interfaces').flatMap((uuid): Named[] => {
    const row = rows.row('Interface', uuid);
    return row === undefined || nameOf(row) !== nameOf(port) ? [] : [[uuid, row]];
  });

const noPolicing = { rateKbit: 0, burstKbit: 0 };

function set(found: Named, { port, rateKbit, burstKbit }: PolicingIntent): HostPlan {
  const { rate, burst, mark } = stateOf(found);
  const want = policingOf({ rateKbit, burstKbit });
  const isThere = rate === rateKbit && burst === burstKbit;
  if (isThere && mark === want) return nothing;
  const isForeign = rate !== 0 && mark !== policingOf({ rateKbit: rate, burstKbit: burst });
  if (isForeign && !isThere)
    return problem(
      `port ${port} has ingress_policing_rate=${rate} of somebody else's, which is left as it is: to let Heddle set its own, \`ovs-vsctl set Interface ${port} ingress_policing_rate=0\``,
    );
  return write(found, `police what comes in by ${port} at ${rateKbit} kbit/s`, { rateKbit, burstKbit }, want);
}

function takenBack(found: Named): HostPlan {
  const { rate, burst, mark } = stateOf(found);
  if (mark === undefined) return nothing;
  const isOurs = mark === policingOf({ rateKbit: rate, burstKbit: burst });
  const left = isOurs ? noPolicing : { rateKbit: rate, burstKbit: burst };
  return write(found, `police what comes in by ${nameOf(found[1])} no more`, left, undefined);
}

const stateOf = ([, row]: Named) => ({
  rate: readNumber(row, 'ingress_policing_rate') ?? 0,
  burst: readNumber(row, 'ingress_policing_burst') ?? 0,
  mark: readStringMap(row, 'external_ids').get(policingMark),
});

function write(
  [uuid]: Named,
  what: string,
  { rateKbit, burstKbit }: Omit<PolicingIntent, 'port'>,
  mark: string | undefined,
): HostPlan {
  return change(
    what,
    update('Interface', byUuid(uuid), {
      ingress_policing_rate: rateKbit,
      ingress_policing_burst: burstKbit,
    }),
    mutate('Interface', byUuid(uuid), [
      // An insert leaves a key that is there as it is [RFC 7047 5.1].
      ['external_ids', 'delete', [policingMark]],
      ...(mark === undefined ? [] : [['external_ids', 'insert', new Map([[policingMark, mark]])] as const]),
    ]),
  );
}
