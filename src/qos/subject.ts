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

/** Every limit that a policy has for a port. */
export const limitsOf = (subject: Subject): readonly Limited[] =>
  directions.flatMap(way =>
    [undefined, ...(subject.policy.classes ?? [])].flatMap(part => {
      const limit = (part ?? subject.policy)[way];
      return limit === undefined ? [] : [{ subject, way, ...(part && { part }), limit }];
    }),
  );

/** Those that take a meter: what a port itself shapes or polices does not. */
export const meteredOf = (subject: Subject): readonly Limited[] =>
  limitsOf(subject).filter(({ limit: { shape, police } }) => shape === undefined && police === undefined);

/** What a limit's meter is known by. Names of networks and classes have no slash. */
export const keyOf = ({ port, network }: Subject, way: Direction, part?: ClassConfig): string =>
  `${way} ${part === undefined ? network : `${network}/${part.name}`} ${port}`;

/** The meter that holds a port, or a class of it; undefined: it has no limit, or no meter is left for it. */
export type MeterFor = (subject: Subject, way: Direction, part?: ClassConfig) => number | undefined;
