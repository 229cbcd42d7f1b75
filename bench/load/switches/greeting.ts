import { encode, OFPET } from '../../../src/openflow/index.js';
import {
  bodySize,
  bundle,
  bundledAt,
  bundleReply,
  commitRequest,
  multiparts,
  onf,
  type,
  version,
} from '../codes.js';
import { putU32, u16, u32 } from '../frames.js';
import { Flows } from './flows.js';

/**
 * What an emulated switch with no ports and no flows answers to a controller's questions, so that it is taken for one, and
 * when it has been programmed: at a commit, or at the first FLOW_MOD that is in no bundle.
 */
export class Greeting {
  readonly #dpid: bigint;
  readonly #flows = new Flows();
  #isProgrammed = false;

  constructor(dpid: bigint) {
    this.#dpid = dpid;
  }

  get isProgrammed(): boolean {
    return this.#isProgrammed;
  }

  static readonly hello = encode({ type: 'hello', version, xid: 1, versions: [version] });

  flowMod(): void {
    this.#isProgrammed = true;
  }

  /** @returns what to say to this message, which is neither FLOW_MOD nor PACKET_OUT; undefined: nothing */
  answer(bytes: Uint8Array, at: number, length: number): Uint8Array | undefined {
    const xid = u32(bytes, at + 4);
    switch (bytes[at + 1]) {
      case type.features:
        return encode({
          type: 'features_reply',
          xid,
          ...{ datapathId: this.#dpid, nBuffers: 0, nTables: 254, auxiliaryId: 0 },
          ...{ capabilities: 0, reserved: 0 },
        });
      case type.echoRequest:
        return encode({ type: 'echo_reply', xid, data: bytes.slice(at + 8, at + length) });
      case type.barrier:
        return encode({ type: 'barrier_reply', xid });
      case type.multipart:
        return u16(bytes, at + 8) === multiparts.experimenter
          ? refusal(bytes.slice(at, at + Math.min(length, 64)))
          : this.#multipart(xid, u16(bytes, at + 8), bytes.subarray(at + 16, at + length));
      case type.experimenter:
        return u32(bytes, at + 8) === onf ? this.#bundle(bytes, at, length) : undefined;
      default:
        return undefined;
    }
  }

  #bundle(bytes: Uint8Array, at: number, length: number): Uint8Array | undefined {
    switch (u32(bytes, at + 12)) {
      case bundle.add:
        if (bytes[at + bundledAt + 1] === type.flowMod)
          this.#flows.add(bytes.slice(at + bundledAt, at + bundledAt + u16(bytes, at + bundledAt + 2)));
        return undefined;
      case bundle.control:
        if (bytes[at + 21] === commitRequest && this.#flows.size > 0) this.#isProgrammed = true;
        return bundleReply(bytes.subarray(at, at + length));
      default:
        return undefined;
    }
  }

  /** No ports, no groups, no meters. */
  #multipart(xid: number, kind: number, request: Uint8Array): Uint8Array {
    const body = this.#body(kind, request);
    const length = 16 + body.length;
    const bytes = new Uint8Array(length);
    bytes.set([version, type.multipartReply, length >> 8, length & 0xff]);
    putU32(bytes, 4, xid);
    bytes.set([kind >> 8, kind & 0xff], 8);
    bytes.set(body, 16);
    return bytes;
  }

  #body(kind: number, request: Uint8Array): Uint8Array {
    switch (kind) {
      case multiparts.desc:
        return new Uint8Array(bodySize.desc);
      case multiparts.flow:
        return this.#flows.told(request);
      case multiparts.aggregate:
        return this.#flows.counted(request);
      case multiparts.meterFeatures:
        return new Uint8Array(bodySize.meterFeatures);
      default:
        return new Uint8Array(0);
    }
  }
}

/** It knows no multipart messages but OpenFlow's own: OFPBRC_BAD_MULTIPART [OF1.3.5 7.4.4]. */
export const refusal = (request: Uint8Array): Uint8Array =>
  encode({
    type: 'error',
    version,
    xid: u32(request, 4),
    errorType: OFPET.BAD_REQUEST,
    code: 2,
    data: request,
  });
