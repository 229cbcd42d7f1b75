/**
 * The bound that a Node program can hardly beat: answers each PACKET_IN with a FLOW_MOD and a PACKET_OUT made by hand from
 * its bytes, with a learning Map and no session, no checks and no bookkeeping. Usage: node bare-responder.js PORT
 */
import { createServer } from 'node:net';

const port = Number(process.argv[2]);
const hello = Uint8Array.from([4, 0, 0, 8, 0, 0, 0, 1]);
const features = Uint8Array.from([4, 5, 0, 8, 0, 0, 0, 2]);
/** Priority 0, no match, output to the controller: so that the switch asks at all [OF1.3.5 5.4]. */
const tableMiss = new Uint8Array(80);
tableMiss.set([4, 14, 0, 80]);
tableMiss.fill(0xff, 32, 44);
tableMiss.set([0, 1, 0, 4], 48);
tableMiss.set([0, 4, 0, 24], 56);
tableMiss.set([0, 0, 0, 16, 0xff, 0xff, 0xff, 0xfd, 0xff, 0xff], 64);
const flowModSize = 48 + 32 + 24;
const packetOutHead = 24 + 16;
const flood = 0xffff_fffb;

createServer({ noDelay: true }, socket => {
  const macs = new Map<number, number>();
  let rest = Buffer.alloc(0);
  socket.write(Buffer.concat([hello, features]));
  socket.on('error', () => socket.destroy());
  socket.on('data', chunk => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const out = Buffer.alloc(bytes.length * 4);
    let pos = 0;
    let at = 0;
    while (bytes.length - pos >= 8) {
      const length = bytes.readUInt16BE(pos + 2);
      if (bytes.length - pos < length) break;
      if (bytes[pos + 1] === 10) at = answer(bytes, pos, length, out, at);
      else if (bytes[pos + 1] === 6) socket.write(tableMiss);
      pos += length;
    }
    rest = bytes.subarray(pos);
    if (at > 0) socket.write(out.subarray(0, at));
  });

  function answer(bytes: Buffer, pos: number, length: number, out: Buffer, start: number): number {
    const inPort = bytes.readUInt32BE(pos + 32);
    const data = pos + 24 + 16 + 2;
    const size = pos + length - data;
    macs.set(bytes.readUIntBE(data + 6, 6), inPort);
    const outPort = macs.get(bytes.readUIntBE(data, 6));
    let at = start;
    if (outPort !== undefined) {
      out.set([4, 14, 0, flowModSize], at);
      out.writeUInt16BE(300, at + 26);
      out.writeUInt16BE(10, at + 30);
      out.fill(0xff, at + 32, at + 44);
      out.set([0, 1, 0, 32, 0x80, 0, 0, 4], at + 48);
      out.writeUInt32BE(inPort, at + 56);
      out.set([0x80, 0, 6, 6], at + 60);
      bytes.copy(out, at + 64, data, data + 6);
      out.set([0x80, 0, 8, 6], at + 70);
      bytes.copy(out, at + 74, data + 6, data + 12);
      out.set([0, 4, 0, 24, 0, 0, 0, 0, 0, 0, 0, 16], at + 80);
      out.writeUInt32BE(outPort, at + 92);
      at += flowModSize;
    }
    out.set([4, 13, 0, 0], at);
    out.writeUInt16BE(packetOutHead + size, at + 2);
    out.writeUInt32BE(0xffff_ffff, at + 8);
    out.writeUInt32BE(inPort, at + 12);
    out.writeUInt16BE(16, at + 16);
    out.set([0, 0, 0, 16], at + 24);
    out.writeUInt32BE(outPort ?? flood, at + 28);
    bytes.copy(out, at + packetOutHead, data, data + size);
    return at + packetOutHead + size;
  }
}).listen({ port, host: '127.0.0.1', backlog: 4096 });
