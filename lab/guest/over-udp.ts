/** A guest's datagrams, over IPv4 and IPv6. */
import { createSocket, type Socket } from 'node:dgram';
import { guestPort } from './protocol.js';

export interface Udp {
  /** A datagram that cannot leave is lost, and nobody is told. */
  send(text: string, to: string): void;
}

/** Opens the guest's port; what `heard` makes of a datagram goes back to where it came from. */
export async function openUdp(heard: (text: string) => string | undefined): Promise<Udp> {
  const open = (type: 'udp4' | 'udp6'): Promise<Socket | undefined> =>
    new Promise((done, failed) => {
      const socket = createSocket({ type, ipv6Only: type === 'udp6' });
      socket.on('message', (bytes, from) => {
        const answer = heard(bytes.toString('latin1'));
        if (answer !== undefined) socket.send(answer, guestPort, from.address, () => undefined);
      });
      // A kernel without IPv6 has no such sockets, and no guest needs one.
      socket.once('error', error => (type === 'udp6' ? done(undefined) : failed(error)));
      socket.bind(guestPort, () => {
        // From here on, errors are those of single datagrams.
        socket.removeAllListeners('error').on('error', () => undefined);
        done(socket);
      });
    });
  const [ipv4, ipv6] = await Promise.all([open('udp4'), open('udp6')]);
  ipv4?.setBroadcast(true);
  return {
    send: (text, to) => (to.includes(':') ? ipv6 : ipv4)?.send(text, guestPort, to, () => undefined),
  };
}
