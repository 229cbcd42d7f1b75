/**
 * Who reaches whom. Networks may have the same addresses, so "10.0.0.2 answered" proves nothing: a cell is `yes` only
 * when that very station answered, by its name, and a station of another network is told as a leak as soon as a single
 * frame of the sender arrives there, answered or not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Capture } from './capture.js';
import { broadcastAddress } from './plan.js';
import type { Station } from './station.js';

export interface Member {
  readonly network: string;
  readonly station: Station;
}

export interface Cell {
  readonly from: string;
  readonly to: string;
  /** Same network. */
  readonly expected: boolean;
  /** `to` itself answered `from`. */
  readonly reached: boolean;
  /** `to`'s address answers pings from `from`, whoever has it there. */
  readonly pinged: boolean;
  /** Frames of `from` that arrived at `to` of another network, as tcpdump shows them. */
  readonly leaked: readonly string[];
}

/** A cell is as it should be: its network's members reach each other, and no frame crosses. */
export const isRight = (cell: Cell): boolean => cell.reached === cell.expected && cell.leaked.length === 0;

export interface CheckOptions {
  readonly onTurn?: (from: string, turn: number, turns: number) => void;
  readonly signal?: AbortSignal;
}

/** Time for the last frames to come through tcpdump. */
const settleMs = 150;

/**
 * Every station in turn probes all others at once. One at a time, because overlapping networks have equal MACs: a
 * frame from "02:…:01" is only known to be blue's while red's owner of that MAC is silent.
 */
export async function checkReachability(
  members: readonly Member[],
  options: CheckOptions = {},
): Promise<Cell[]> {
  await Promise.all(members.map(({ station }) => station.agent()));
  const captures = await captureAll(members);
  try {
    const cells: Cell[] = [];
    for (const [turn, from] of members.entries()) {
      options.signal?.throwIfAborted();
      options.onTurn?.(from.station.name, turn + 1, members.length);
      cells.push(...(await probeFrom(from, members, captures)));
    }
    return cells;
  } finally {
    await Promise.all([...captures.values()].map(capture => capture.stop()));
  }
}

async function captureAll(members: readonly Member[]): Promise<Map<Member, Capture>> {
  const entries = members.map(
    async member => [member, await member.station.capture({ direction: 'in' })] as const,
  );
  return new Map(await Promise.all(entries));
}

async function probeFrom(
  from: Member,
  members: readonly Member[],
  captures: ReadonlyMap<Member, Capture>,
): Promise<Cell[]> {
  const others = members.filter(member => member !== from);
  // A neighbour entry that ages would be asked for in somebody else's turn; and each turn is to need ARP anew.
  await Promise.all(members.map(({ station }) => station.flushNeighbours()));
  await sleep(settleMs);
  const before = new Map([...captures].map(([member, capture]) => [member, capture.lines.length]));

  const agent = await from.station.agent();
  const shout = agent.shout(broadcastAddress(from.station.ip), { count: 3 });
  const answers = await Promise.all(
    others.map(async to => {
      const [ping, probe] = await Promise.all([
        from.station.ping(to.station.ip, { count: 2, timeoutMs: 500 }),
        agent.probe(to.station.ip, { count: 3, intervalMs: 50, timeoutMs: 500 }),
      ]);
      return { to, ping, probe };
    }),
  );
  await shout;
  await sleep(settleMs);

  return answers.map(({ to, ping, probe }) => {
    const arrived = captures.get(to)?.lines.slice(before.get(to)) ?? [];
    const foreign = to.network !== from.network;
    return {
      from: from.station.name,
      to: to.station.name,
      expected: !foreign,
      reached: (probe.by[to.station.name] ?? 0) > 0,
      pinged: ping.received > 0,
      leaked: foreign ? arrived.filter(line => isFrom(line, from.station.mac)) : [],
    };
  });
}

/** tcpdump -e says "TIME SOURCE > DESTINATION, …". */
const isFrom = (line: string, mac: string): boolean => line.includes(` ${mac.toLowerCase()} > `);
