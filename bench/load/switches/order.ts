/** What the load generator is asked to do, as JSON in its first argument. */
export interface LoadOrder {
  /** The controller's, on 127.0.0.1. */
  readonly port: number;
  /** The controller's process, whose CPU time and memory are looked at. */
  readonly pid: number;
  readonly switches: number;
  /** PACKET_INs without an answer at any time, of each switch; 0: the switches connect, and that is all. */
  readonly outstanding: number;
  /** Hosts behind each switch. */
  readonly macs: number;
  /** After the warm-up, each packet comes from a MAC that was never seen before. */
  readonly fresh: boolean;
  readonly seconds: number;
}

/** What it tells, as JSON in its output. */
export interface LoadReport {
  /** From the first SYN to the last switch being programmed. Milliseconds. */
  readonly programmedAfter: number;
  /** Switches that were not, within the time that they had. */
  readonly unprogrammed: number;
  /** What the controller needed for that of CPU time. Milliseconds. */
  readonly programmingCpu: number;
  readonly answers: number;
  readonly perSecond: number;
  /** Of the answers of the measured time: FLOW_MODs, and packets sent to all ports, for each. */
  readonly flowsPerAnswer: number;
  readonly floods: number;
  /** Questions with no answer for a second; of these, the ones that were answered after it. */
  readonly lost: number;
  readonly late: number;
  /** Answers to what was not asked. */
  readonly stray: number;
  /** Of the controller, for one answer. Microseconds. */
  readonly cpu: number;
  /** Of the controller, at the end. MiB. */
  readonly memory: number;
  /** How much of its own time the load generator was busy, 0 to 1: near 1 it is the load generator that was measured. */
  readonly busy: number;
}
