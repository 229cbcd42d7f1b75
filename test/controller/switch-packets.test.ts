/** Packets that an app answers by their bytes, on one connection. */
import t from 'tap';
import { decode, encodeInto, flowMod } from '../../src/openflow/index.js';
import { bytesOf, echo, Line, packetIn, packetOut, typesIn } from '../support/switch-line.js';

t.test('packets by their bytes: answered in one write, with what else there is to say', t => {
  const line = new Line().ready();
  const heard: string[] = [];
  line.packetBytes = (bytes, start, end, out) => {
    const packet = decode(bytes.slice(start, end));
    if (packet.type !== 'packet_in') throw new Error('no packet');
    const text = Buffer.from(packet.data).toString();
    heard.push(text);
    if (text === 'other') return false;
    encodeInto(out, flowMod({ command: 'add' }));
    encodeInto(out, packetOut(packet.data));
    return true;
  };
  const chunk = bytesOf(packetIn('one'), echo(7), packetIn('other'), packetIn('two'));
  line.connection.received(chunk);
  t.equal(line.stream.writes.length, 1);
  const answer = ['flow_mod', 'packet_out'];
  t.strictSame(typesIn(line.stream), [...answer, 'echo_reply', 'packet_out', ...answer]);
  t.strictSame(heard, ['one', 'other', 'two']);
  t.strictSame(line.told, ['packet_in'], 'only what is left');
  t.equal(line.connection.mods.flowMods, 2);
  line.connection.received(chunk.subarray(0, 20));
  line.connection.received(chunk.subarray(20));
  t.strictSame(heard, ['one', 'other', 'two', 'one', 'other', 'two'], 'wherever the stream is cut');
  t.end();
});

t.test('packets alone are a sign of life', t => {
  const line = new Line().ready();
  line.packetBytes = () => true;
  for (let second = 0; second < 60; second += 1) {
    line.effects.advance(1_000);
    line.hear(packetIn('x'));
    line.connection.tick();
  }
  t.strictSame(typesIn(line.stream), [], 'nobody asks for one');
  line.effects.advance(60_000);
  line.connection.tick();
  t.strictSame(typesIn(line.stream), ['echo_request']);
  t.end();
});

t.test('memory that a stream still holds is not written to again', t => {
  const line = new Line().ready();
  const drained = Object.assign(line.stream, { isDrained: false });
  line.hear(echo(1));
  const [held] = line.stream.writes;
  const before = Buffer.from(held!).toString('hex');
  line.hear(echo(2));
  t.equal(Buffer.from(held!).toString('hex'), before);
  t.not(line.stream.writes[1]?.buffer, held?.buffer);
  drained.isDrained = true;
  line.hear(echo(3), echo(4));
  line.hear(echo(5));
  t.equal(line.stream.writes[3]?.buffer, line.stream.writes[2]?.buffer, 'other memory is used again');
  t.end();
});
