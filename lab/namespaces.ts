/** Network namespaces: made, listed, and taken away with everything that runs in them. */
import { inNamespace, type Host } from './host.js';
import { parseNamespaceName } from './names.js';
import { waitFor } from './wait.js';

/**
 * Makes a namespace with its loopback up. IPv6 is off unless asked for: its router solicitations and multicast
 * reports would be traffic that no test sent.
 */
export async function makeNamespace(
  machine: Host,
  namespace: string,
  options: { readonly name?: string; readonly ipv6?: boolean } = {},
): Promise<Host> {
  await machine.run(['ip', 'netns', 'add', namespace]);
  const host = inNamespace(machine, namespace, options.name);
  if (options.ipv6 !== true) {
    const knobs = ['all', 'default'].map(which => `/proc/sys/net/ipv6/conf/${which}/disable_ipv6`);
    // A kernel without IPv6 has no such files (exit code 1), and needs none.
    await host.run(['tee', ...knobs], { input: '1\n', accept: [0, 1] });
  }
  await host.run(['ip', 'link', 'set', 'lo', 'up']);
  return host;
}

/** Sets kernel parameters of one namespace, by their names as sysctl(8) writes them; interfaces' names have no dots here. */
export async function sysctl(host: Host, values: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, value] of Object.entries(values))
    await host.run(['tee', `/proc/sys/${name.replaceAll('.', '/')}`], { input: `${value}\n` });
}

/** The namespaces of one lab, or of all labs. */
export async function listNamespaces(machine: Host, id?: string): Promise<string[]> {
  const { stdout } = await machine.run(['ip', 'netns', 'list']);
  return stdout
    .split('\n')
    .map(line => line.split(' ')[0] ?? '')
    .filter(namespace => {
      const parsed = parseNamespaceName(namespace);
      return parsed !== undefined && (id === undefined || parsed.id === id);
    });
}

/**
 * Ends every process in the namespaces, then removes them; interfaces go with them. The namespaces bear the lab's own
 * names, so nothing else can be in them.
 */
export async function removeNamespaces(machine: Host, namespaces: readonly string[]): Promise<void> {
  await Promise.all(namespaces.map(namespace => endProcesses(machine, namespace)));
  for (const namespace of namespaces) {
    await machine.run(['ip', 'netns', 'delete', namespace]);
  }
}

async function endProcesses(machine: Host, namespace: string): Promise<void> {
  await waitFor(
    `the processes of ${namespace} to end`,
    async () => {
      const { stdout } = await machine.run(['ip', 'netns', 'pids', namespace]);
      const pids = stdout.split('\n').filter(pid => pid !== '');
      for (const pid of pids) await sendSignal(machine, Number(pid), 'KILL');
      return pids.length === 0;
    },
    { intervalMs: 10 },
  );
}

/** Through the shell's own `kill`, as the program of that name is not on every machine. */
export async function sendSignal(host: Host, pid: number, signal: string): Promise<void> {
  // Exit code 1: it has ended by itself meanwhile.
  await host.run(['sh', '-c', 'kill -s "$1" "$2"', 'sh', signal, String(pid)], { accept: [0, 1] });
}
