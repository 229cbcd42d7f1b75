/** A guest's TCP: one connection for each probe, in which both sides say one line. */
import { connect, createServer, type Socket } from 'node:net';
import { guestPort } from './protocol.js';

const longestLine = 256;
/** Milliseconds that an idle connection is kept. */
const patience = 5_000;

/** Answers the line of each connection with what `heard` makes of it. */
export function serveTcp(heard: (text: string) => string | undefined): Promise<unknown> {
  const server = createServer(socket => {
    readLine(socket, line => socket.end(`${heard(line) ?? ''}\n`));
  });
  return new Promise((done, failed) => {
    // '::' takes IPv4, too; a kernel without IPv6 has only that.
    server.once('error', () => server.once('error', failed).listen(guestPort, '0.0.0.0'));
    server.once('listening', () => done(server)).listen(guestPort, '::');
  });
}

/** Says one line to a guest, and gives `heard` what it says. One that does not answer in time has not answered. */
export function askOverTcp(
  to: string,
  text: string,
  timeoutMs: number,
  heard: (text: string) => unknown,
): void {
  const socket = connect(guestPort, to, () => socket.write(`${text}\n`));
  const late = setTimeout(() => socket.destroy(), timeoutMs);
  socket.on('close', () => clearTimeout(late));
  readLine(socket, line => {
    heard(line);
    socket.destroy();
  });
}

function readLine(socket: Socket, onLine: (line: string) => void): void {
  let read = '';
  socket.on('error', () => undefined);
  socket.setTimeout(patience, () => socket.destroy());
  socket.setEncoding('latin1').on('data', (part: string) => {
    if (read.includes('\n')) return;
    read += part;
    if (read.includes('\n')) onLine(read.slice(0, read.indexOf('\n')));
    else if (read.length > longestLine) socket.destroy();
  });
}
