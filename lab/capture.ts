/** Watches an interface with tcpdump. */
import type { Host } from './host.js';
import { HeddleError } from '../src/lib/errors.js';

export interface CaptureOptions {
  /** A filter as pcap-filter(7) has it; everything unless said. */
  readonly filter?: string;
  /** Seen from the host whose interface it is; both unless said. */
  readonly direction?: 'in' | 'out';
  /** Writes a pcap file (its name should end in .pcap) and no lines. */
  readonly file?: string;
  readonly args?: readonly string[];
}

export interface Capture {
  /** One line per frame, with its MACs; grows while the capture runs. */
  readonly lines: readonly string[];
  stop(): Promise<readonly string[]>;
}

/** Returns when tcpdump listens, so that no frame after it is missed. @throws CommandError, HeddleError LAB_FAILED */
export async function capture(host: Host, device: string, options: CaptureOptions = {}): Promise<Capture> {
  const { filter, direction, file, args = [] } = options;
  const lines: string[] = [];
  const said: string[] = [];
  let listening = (): void => undefined;
  const isListening = new Promise<void>(resolve => (listening = resolve));
  const argv = ['tcpdump', '-i', device, '-n', '-e', '-Z', 'root', '--immediate-mode', ...args];
  argv.push(...(direction === undefined ? [] : ['-Q', direction]));
  argv.push(...(file === undefined ? ['-l'] : ['-U', '-w', file]), ...(filter === undefined ? [] : [filter]));
  const tcpdump = await host.start(argv, {
    onLine: (line, from) => {
      if (from === 'stdout') {
        lines.push(line);
        return;
      }
      said.push(line);
      if (line.includes('listening on')) listening();
    },
  });
  const ended = tcpdump.exited.then(() => {
    throw new HeddleError('LAB_FAILED', `tcpdump on ${device} of ${host.name} ended: ${said.join(' ')}`);
  });
  ended.catch(() => undefined);
  await Promise.race([isListening, ended]);
  return {
    lines,
    stop: async () => {
      await tcpdump.stop('SIGINT');
      return lines;
    },
  };
}
