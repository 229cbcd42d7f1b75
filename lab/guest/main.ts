/**
 * The program that runs in every guest: answers probes with the guest's name, and sends probes at a steady rate
 * when told to. (`ping -i 0.001` falls to one packet per 10 ms while it is unanswered, so it cannot count losses.)
 *
 * Usage: node main.js NAME. Commands come as JSON lines on standard input; it ends when that is closed.
 */
import { createInterface } from 'node:readline';
import { askOverTcp, serveTcp } from './over-tcp.js';
import { openUdp } from './over-udp.js';
import {
  command,
  decodeDatagram,
  encodeProbe,
  encodeReply,
  tokenOf,
  type Command,
  type Report,
} from './protocol.js';
import { Tally } from './tally.js';

type ProbeCommand = Extract<Command, { op: 'probe' }>;

interface Run {
  readonly tally: Tally;
  readonly broadcast: boolean;
  /** No more probes; the result follows once the last replies had their time. */
  stop(): void;
}

/** An hour at one per millisecond: what is forgotten and never stopped ends by itself. */
const maxProbes = 3_600_000;

const name = process.argv[2] ?? 'nobody';
const runs = new Map<string, Run>();

/** @returns the reply, where a text is a probe; a reply is counted */
function heard(text: string): string | undefined {
  const said = decodeDatagram(text);
  if (said === undefined) return undefined;
  if (!('by' in said)) return encodeReply({ ...said, by: name });
  const run = runs.get(said.token);
  if (run?.broadcast !== true || said.by !== name) run?.tally.reply(said.sequence, said.by);
  return undefined;
}

const [udp] = await Promise.all([openUdp(heard), serveTcp(heard)]);
tell({ op: 'ready' });

const input = createInterface({ input: process.stdin });
input.on('line', line => {
  const order = command.parse(JSON.parse(line));
  const token = tokenOf(name, order.id);
  if (order.op === 'stop') runs.get(token)?.stop();
  else runs.set(token, probe(order, token));
});
input.on('close', () => process.exit(0));

/** Sends what is due, however late a timer is, so that the rate holds on a busy machine. */
function probe(order: ProbeCommand, token: string): Run {
  const tally = new Tally();
  const count = Math.min(order.count ?? maxProbes, maxProbes);
  const began = performance.now();
  let stopped = false;

  const tick = (): void => {
    const due = Math.min(count, Math.floor((performance.now() - began) / order.intervalMs) + 1);
    while (!stopped && tally.sent < due) send(order, encodeProbe({ token, sequence: tally.send() }));
    if (stopped || tally.sent >= count) finish(performance.now() + order.timeoutMs);
    else setTimeout(tick, Math.max(0, began + tally.sent * order.intervalMs - performance.now()));
  };
  const finish = (deadline: number): void => {
    if (performance.now() < deadline && (order.broadcast || !tally.complete)) {
      setTimeout(() => finish(deadline), 5);
      return;
    }
    runs.delete(token);
    tell({ op: 'result', id: order.id, result: tally.result(order.intervalMs) });
  };
  const stop = (): void => {
    stopped = true;
  };
  setImmediate(tick);
  return { tally, broadcast: order.broadcast, stop };
}

/** What cannot leave (no route, nobody answers ARP) is a lost one, which the tally shows. */
function send({ to, over, timeoutMs }: ProbeCommand, text: string): void {
  if (over === 'udp') udp.send(text, to);
  else askOverTcp(to, text, timeoutMs, heard);
}

function tell(report: Report): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
