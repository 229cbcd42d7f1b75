/**
 * A place where commands run. The lab knows nothing else of its hosts, so that the same hypervisor and the same VM can
 * stand in a network namespace of this machine or in a container that is reached through an agent.
 */
import { run, type Output, type RunOptions } from './exec.js';
import { start, type Background, type StartOptions } from './background.js';

export interface Host {
  readonly name: string;
  /** Runs a program to its end. @throws CommandError */
  run(argv: readonly string[], options?: RunOptions): Promise<Output>;
  /** Starts a program that goes on. @throws CommandError */
  start(argv: readonly string[], options?: StartOptions): Promise<Background>;
}

/** This very machine: where namespaces are made and taken away. */
export const thisMachine: Host = { name: 'this machine', run, start };

/**
 * A network namespace of `machine`. `ip netns exec` replaces itself with the command, so a pid is the command's own,
 * and it gives the command the namespace's view of /sys/class/net.
 */
export function inNamespace(machine: Host, namespace: string, name = namespace): Host {
  const prefix = ['ip', 'netns', 'exec', namespace];
  return {
    name,
    run: (argv, options) => machine.run([...prefix, ...argv], options),
    start: (argv, options) => machine.start([...prefix, ...argv], options),
  };
}

/** Several `ip` commands in one process: a lab needs dozens, and each process costs milliseconds. */
export async function ipBatch(host: Host, lines: readonly string[]): Promise<void> {
  await host.run(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
