import type { ClassConfig, LimitConfig, PolicyConfig } from '../config/config.js';

/** A port in a network, to which a policy applies. */
export interface Subject {
  /** The port's name: with the network's, what its meters are known by. */
  readonly port: string;
  readonly ofport: number;
  readonly network: string;
  /** The network's `metadata` in the pipeline. */
  readonly metadata: bigint;
  readonly policy: PolicyConfig;
}

/** Seen from the VM. */
export const directions = ['fromVm', 'toVm'] as const;
export type Direction = (typeof directions)[number];

/** One limit of one port: of all of it in a direction, or of a class. */
export interface Limited {
  readonly subject: Subject;
  readonly way: Direction;
  readonly part?: ClassConfig;
  readonly limit: LimitConfig;
}

/** Every limit that a policy has for a port by a meter. */
export const limitsOf = (subject: Subject): readonly Limited[] =>
  directions.flatMap(way =>
    [undefined, ...(subject.policy.classes ?? [])].flatMap(part => {
      const limit = (part ?? subject.policy)[way];
      // What is shaped waits in a queue, and needs no meter.
      return limit === undefined || limit.shape !== undefined
        ? []
        : [{ subject, way, ...(part && { part }), limit }];
    }),
  );

/** What a limit's meter is known by. Names of networks and classes have no slash. */
export const keyOf = ({ port, network }: Subject, way: Direction, part?: ClassConfig): string =>
  `${way} ${part === undefined ? network : `${network}/${part.name}`} ${port}`;

/** The meter that holds a port, or a class of it; undefined: it has no limit, or no meter is left for it. */
export type MeterFor = (subject: Subject, way: Direction, part?: ClassConfig) => number | undefined;
