/**
 * What the lab and the agents in its containers say to each other: JSON lines over one TCP connection, which the agent
 * makes. Every order has a number of its own, which its answers bear; many run at once.
 */
import { constants } from 'node:os';
import * as z from 'zod';

/** Where the lab waits for its agents, on the management network. */
export const agentPort = 17008;

const id = z.int().positive();
const argv = z.array(z.string()).min(1);
const env = z.record(z.string(), z.string());
const signal = z.custom<NodeJS.Signals>(
  value => typeof value === 'string' && Object.hasOwn(constants.signals, value),
);

/** From the lab. `start` and `run` are lab/background.ts and lab/exec.ts, done over there. */
export const order = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('run'),
    id,
    argv,
    env: env.exactOptional(),
    input: z.string().exactOptional(),
    timeoutMs: z.number().positive().exactOptional(),
    accept: z.array(z.int()).exactOptional(),
  }),
  /** Ends a `run`, which then fails. */
  z.strictObject({ op: z.literal('abort'), id }),
  z.strictObject({
    op: z.literal('start'),
    id,
    argv,
    env: env.exactOptional(),
    /** A file over there. */
    log: z.string().exactOptional(),
  }),
  /** To the standard input of what was started. */
  z.strictObject({ op: z.literal('write'), id, text: z.string() }),
  z.strictObject({
    op: z.literal('stop'),
    id,
    signal: signal.exactOptional(),
    graceMs: z.number().nonnegative().exactOptional(),
  }),
]);
export type Order = z.infer<typeof order>;

const output = { stdout: z.string(), stderr: z.string() };

/** From an agent. */
export const answer = z.discriminatedUnion('op', [
  /** A `run` has ended with a code that is accepted. */
  z.strictObject({ op: z.literal('done'), id, ...output, code: z.int() }),
  /** A `run` or a `start` has failed; `exitCode` is missing when the program was killed or never started. */
  z.strictObject({
    op: z.literal('failed'),
    id,
    why: z.string(),
    exitCode: z.int().exactOptional(),
    ...output,
  }),
  z.strictObject({ op: z.literal('started'), id, pid: z.int().positive() }),
  z.strictObject({ op: z.literal('line'), id, from: z.enum(['stdout', 'stderr']), line: z.string() }),
  z.strictObject({
    op: z.literal('exited'),
    id,
    code: z.int().exactOptional(),
    signal: z.string().exactOptional(),
  }),
]);
export type Answer = z.infer<typeof answer>;
