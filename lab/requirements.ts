/** What a lab needs of this machine, and what of it is missing. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program, and the Debian package that has it. */
const programs: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  ping: 'iputils-ping',
  ethtool: 'ethtool',
  tcpdump: 'tcpdump',
  iperf3: 'iperf3',
  'ovsdb-tool': 'openvswitch-switch',
  'ovsdb-server': 'openvswitch-switch',
  'ovs-vswitchd': 'openvswitch-switch',
  'ovs-vsctl': 'openvswitch-switch',
  'ovs-ofctl': 'openvswitch-switch',
};

export interface Machine {
  readonly uid: number;
  readonly has: (program: string) => boolean;
  /** Whether the file can be read and written. */
  readonly canUse: (file: string) => boolean;
}

/** One line for each thing that is missing, with how to get it; none when a lab can be made. */
export function missingForLab(machine: Machine = thisMachine()): string[] {
  if (machine.uid !== 0) return ['root: network namespaces are made by root only (sudo npm run lab)'];
  const packages = new Set(
    Object.entries(programs).flatMap(([program, from]) => (machine.has(program) ? [] : [from])),
  );
  const missing = [...packages].map(name => `${name}: apt-get install ${name}`);
  // The userspace datapath makes its bridges' own interfaces with it.
  if (!machine.canUse('/dev/net/tun')) missing.push('/dev/net/tun: modprobe tun');
  return missing;
}

function thisMachine(): Machine {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return {
    uid: process.getuid?.() ?? -1,
    has: program => folders.some(folder => can(join(folder, program), constants.X_OK)),
    canUse: file => can(file, constants.R_OK | constants.W_OK),
  };
}

function can(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
