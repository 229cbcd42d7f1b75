import { bodySize } from '../codes.js';

/** The flows that a switch has been given in bundles, which a controller that audits asks for. Of FLOW_MODs, adds alone. */
export class Flows {
  readonly #entries: DataView<ArrayBuffer>[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** @param mod a whole FLOW_MOD [OF1.3.5 7.3.4.1] */
  add(mod: Uint8Array): void {
    const from = new DataView(mod.buffer, mod.byteOffset, mod.length);
    if (from.getUint8(25) !== 0) return;
    // An entry of OFPMP_FLOW is as long, and ends in the same match and instructions [OF1.3.5 7.3.5.2].
    const entry = new Uint8Array(mod.length);
    const to = new DataView(entry.buffer);
    to.setUint16(0, mod.length);
    to.setUint8(2, from.getUint8(24));
    to.setUint16(12, from.getUint16(30)); // priority
    to.setUint16(14, from.getUint16(26)); // idle timeout
    to.setUint16(16, from.getUint16(28)); // hard timeout
    to.setUint16(18, from.getUint16(44)); // flags
    to.setBigUint64(24, from.getBigUint64(8)); // cookie
    entry.set(mod.subarray(48), 48);
    this.#entries.push(to);
  }

  /** The body that answers OFPMP_FLOW. @param request its body */
  told(request: Uint8Array): Uint8Array {
    return Buffer.concat(this.#asked(request).map(({ buffer }) => new Uint8Array(buffer)));
  }

  /** The body that answers OFPMP_AGGREGATE. @param request its body */
  counted(request: Uint8Array): Uint8Array {
    const body = new Uint8Array(bodySize.aggregate);
    new DataView(body.buffer).setUint32(16, this.#asked(request).length);
    return body;
  }

  /** Those whose cookies are asked for: no controller here asks for anything else. */
  #asked(request: Uint8Array): readonly DataView<ArrayBuffer>[] {
    const view = new DataView(request.buffer, request.byteOffset, request.length);
    const [cookie, mask] = [view.getBigUint64(16), view.getBigUint64(24)];
    return this.#entries.filter(entry => ((entry.getBigUint64(24) ^ cookie) & mask) === 0n);
  }
}
