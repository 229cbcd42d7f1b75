/**
 * What the lab and its guests say to each other: JSON lines over the guest's standard input and output, and small texts
 * between guests, a UDP datagram or a TCP connection each. A probe bears the name of the guest that sent it, and a reply
 * that of the one that gave it, too: overlapping networks have several guests with one address, and "an answer came" does
 * not yet say from whom.
 */
import * as z from 'zod';

/** Every guest answers here. */
export const guestPort = 17007;

export const command = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('probe'),
    id: z.int(),
    /** IPv4 or IPv6. */
    to: z.string(),
    over: z.enum(['udp', 'tcp']).default('udp'),
    intervalMs: z.number().min(0.1),
    /** Until told to stop where it is missing. */
    count: z.int().positive().optional(),
    /** How long the last replies are waited for. */
    timeoutMs: z.number().nonnegative(),
    /** `to` is a broadcast address: several guests may answer each probe, and this guest's own reply does not count. */
    broadcast: z.boolean(),
  }),
  z.strictObject({ op: z.literal('stop'), id: z.int() }),
]);
export type Command = z.infer<typeof command>;
/** As it is written: what has a default may be left out. */
export type CommandInput = z.input<typeof command>;

export const probeResult = z.strictObject({
  sent: z.int(),
  /** Probes that were answered, each counted once. */
  received: z.int(),
  lost: z.int(),
  /** The longest run of unanswered probes, as time. */
  longestGapMs: z.number(),
  /** Replies beyond the first to one probe from one guest: a loop, or a frame that was copied. */
  duplicates: z.int(),
  /** Where probes were lost: the number of the first of each run, and how many. No more than the first 20. */
  gaps: z.array(z.strictObject({ from: z.int(), lost: z.int() })),
  /** Who answered from which probe on, where that changed. No more than the first 20. */
  turns: z.array(z.strictObject({ from: z.int(), by: z.string() })),
  /** How many replies each guest gave. */
  by: z.record(z.string(), z.int()),
});
export type ProbeResult = z.infer<typeof probeResult>;

export const report = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('ready') }),
  z.strictObject({ op: z.literal('result'), id: z.int(), result: probeResult }),
]);
export type Report = z.infer<typeof report>;

/** What guests say to each other; `token` tells one probe run from others. */
export interface Probe {
  readonly token: string;
  readonly sequence: number;
}
export interface Reply extends Probe {
  readonly by: string;
}

export const encodeProbe = (probe: Probe): string => `heddle-lab probe ${probe.token} ${probe.sequence}`;
export const encodeReply = (reply: Reply): string =>
  `heddle-lab reply ${reply.token} ${reply.sequence} ${reply.by}`;

/** The probe runs of different guests have different tokens, so that each frame says who began it. */
export const tokenOf = (guest: string, id: number): string => `${guest}.${id}`;

/** A datagram's meaning, or undefined: anything may arrive on an open port. */
export function decodeDatagram(text: string): Probe | Reply | undefined {
  const match = /^heddle-lab (?:probe|(reply)) ([\w.-]{1,80}) (\d{1,9})(?: ([\w-]{1,64}))?$/.exec(text);
  const [, isReply, token, digits, by] = match ?? [];
  if (token === undefined || digits === undefined || (isReply === undefined) !== (by === undefined))
    return undefined;
  const sequence = Number(digits);
  return by === undefined ? { token, sequence } : { token, sequence, by };
}
