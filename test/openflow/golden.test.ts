/** Bytes that a real Open vSwitch 3.1 wrote or took, with the values that they stand for: checked both ways. */
import t from 'tap';
import { decode, encode } from '../../src/openflow/index.js';
import { fixtures, hexOf } from './fixtures.js';

for (const { name, bytes, message } of fixtures) {
  t.test(name, t => {
    t.strictSame(decode(bytes), message, 'decodes to the value');
    t.strictSame(hexOf(encode(message)), hexOf(bytes), 'encodes to the bytes');
    t.end();
  });
}
