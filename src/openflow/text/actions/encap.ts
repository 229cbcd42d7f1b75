/** New headers around the packet, and the outermost taken off. */
import type { Action } from '../../actions/actions.js';
import type { EncapProperty } from '../../actions/nicira-packet.js';
import type { Reader } from '../reader.js';
import { bytesOf, hex, hexOf, parseUint, readNumber } from '../values.js';
import { entry, optionValue, readOptions } from './entry.js';
import { nameIn, readNamed, readSequence } from './names.js';

/** Packet types that have a name: the Ethernet header, and types of the EtherType name space. */
const packetTypes = { ethernet: 0, nsh: 0x0001894f, mpls: 0x00018847, mpls_mc: 0x00018848 } as const;
const nshClass = 4;
const mdType = 1;
const tlv = 2;

export const encap = entry('encap', {
  format: ({ packetType, properties }) => {
    const name = Object.values<number>(packetTypes).includes(packetType)
      ? nameIn(packetTypes, packetType)
      : hex(packetType);
    const texts = properties.map(formatProperty);
    return texts.length === 0 ? `encap(${name})` : `encap(${name}(${texts.join(',')}))`;
  },
  words: { encap: ({ r }) => readEncap(r) },
});

function formatProperty({ propertyClass, propertyType, data }: EncapProperty): string {
  if (propertyClass === nshClass && propertyType === mdType && data.length === 1) return `md_type=${data[0]}`;
  const value = data.subarray(4, 4 + (data[3] ?? 0));
  const [tlvClass, type] = [((data[0] ?? 0) << 8) | (data[1] ?? 0), data[2] ?? 0];
  const whole = tlvOf(tlvClass, type, value);
  if (propertyClass === nshClass && propertyType === tlv && hexOf(whole.data) === hexOf(data))
    return `tlv(${hex(tlvClass)},${type},0x${hexOf(value)})`;
  return `unknown(${propertyClass},${propertyType},${hexOf(data)})`;
}

/** `class:16 type:8 length:8`, the value, and zeros that end the property at a multiple of 8 bytes. */
function tlvOf(tlvClass: number, type: number, value: Uint8Array): EncapProperty {
  const data = new Uint8Array(4 + 8 * Math.ceil(value.length / 8));
  data.set([tlvClass >> 8, tlvClass & 0xff, type, value.length]);
  data.set(value, 4);
  return { propertyClass: nshClass, propertyType: tlv, data };
}

function readEncap(r: Reader): Action {
  const properties: EncapProperty[] = [];
  let packetType = 0;
  readSequence(r, () => {
    packetType = readNamed(r, packetTypes, r.value(), 0xffffffff);
    if (r.sees('('))
      readOptions(r, {
        md_type: () => properties.push(readMdType(r)),
        tlv: () => properties.push(readTlv(r)),
        unknown: () => properties.push(readProperty(r)),
      });
  });
  return { type: 'encap', headerSize: 0, packetType, properties };
}

const readMdType = (r: Reader): EncapProperty => ({
  propertyClass: nshClass,
  propertyType: mdType,
  data: Uint8Array.of(readNumber(r, optionValue(r), 0xff)),
});

function readTlv(r: Reader): EncapProperty {
  let tlvClass = 0;
  let type = 0;
  let value: Uint8Array = new Uint8Array();
  readSequence(
    r,
    () => (tlvClass = readNumber(r, r.value(), 0xffff)),
    () => (type = readNumber(r, r.value(), 0xff)),
    () => {
      const token = r.value();
      const digits = /^0x([0-9a-f]{0,496})$/i.exec(token.text)?.[1] ?? parseUint(token.text)?.toString(16);
      value = bytesOf(digits ?? '-') ?? bytesOf(`0${digits ?? '-'}`) ?? r.mismatch('a value (0x…)', token);
    },
  );
  return tlvOf(tlvClass, type, value);
}

function readProperty(r: Reader): EncapProperty {
  let propertyClass = 0;
  let propertyType = 0;
  let data: Uint8Array = new Uint8Array();
  readSequence(
    r,
    () => (propertyClass = readNumber(r, r.value(), 0xffff)),
    () => (propertyType = readNumber(r, r.value(), 0xff)),
    () => {
      const token = r.value();
      data = bytesOf(token.text) ?? r.mismatch('bytes in hexadecimal', token);
    },
  );
  return { propertyClass, propertyType, data };
}

/** "What remains says what it is." */
const headerSaysWhat = 0xfffe;

export const decap = entry('decap', {
  format: ({ packetType }) =>
    packetType === headerSaysWhat
      ? 'decap()'
      : `decap(packet_type(ns=${packetType >>> 16},type=${hex(packetType & 0xffff)}))`,
  words: { decap: ({ r }) => readDecap(r) },
});

function readDecap(r: Reader): Action {
  let packetType = headerSaysWhat;
  readOptions(r, {
    packet_type: () => {
      let space = 0;
      let type = 0;
      readOptions(r, {
        ns: () => (space = readNumber(r, optionValue(r), 0xffff)),
        type: () => (type = readNumber(r, optionValue(r), 0xffff)),
      });
      packetType = space * 0x10000 + type;
    },
  });
  return { type: 'decap', packetType };
}
