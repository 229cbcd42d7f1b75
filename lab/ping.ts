/** What `ping` says at its end, read. */
export interface PingResult {
  readonly sent: number;
  readonly received: number;
}

/**
 * Reads the summary of iputils' ping: "3 packets transmitted, 2 received, 33% packet loss". No summary, as when the
 * network is unreachable, is nothing sent.
 */
export function parsePing(stdout: string): PingResult {
  const match = /^(\d+) packets transmitted, (\d+) received/m.exec(stdout);
  return match ? { sent: Number(match[1]), received: Number(match[2]) } : { sent: 0, received: 0 };
}

export interface PingOptions {
  /** 3 unless said. */
  readonly count?: number;
  /** Milliseconds between two; 200 unless said. */
  readonly intervalMs?: number;
  /** Milliseconds to wait for the last answer; 1,000 unless said. */
  readonly timeoutMs?: number;
  /** Bytes of payload. */
  readonly size?: number;
  /** More arguments, such as -M do or -b. */
  readonly args?: readonly string[];
}

/** The argument vector, and how long the whole can take at most. */
export function pingCommand(to: string, options: PingOptions): { argv: string[]; timeoutMs: number } {
  const { count = 3, intervalMs = 200, timeoutMs = 1_000, size, args = [] } = options;
  const argv = ['ping', '-n', '-q', '-c', String(count), '-i', String(intervalMs / 1000)];
  argv.push('-W', String(timeoutMs / 1000), ...(size === undefined ? [] : ['-s', String(size)]), ...args, to);
  return { argv, timeoutMs: count * Math.max(intervalMs, 20) + timeoutMs + 10_000 };
}
