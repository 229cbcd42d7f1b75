import { printable } from '../config/mistake.js';
import { pino, type Logger } from 'pino';

/** Readable lines on a terminal, JSON in a pipe or a file; both on standard output. */
export async function makeLog(level: string): Promise<Logger> {
  const base = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stdout.isTTY) return pino(base);
  const { default: pretty } = await import('pino-pretty');
  const colorize = (process.env['NO_COLOR'] ?? '') === '';
  // Only the text: the fields beside it are for programs.
  const stream = pretty({
    colorize,
    sync: true,
    translateTime: 'SYS:HH:MM:ss.l',
    hideObject: true,
    // Peers' own words are in it: names of ports, errors of switches.
    messageFormat: (log, key) => printable(String(log[key])),
  });
  return pino(base, stream);
}
