/** Headers inside packets: frames in, headers out, and the other way round. Pure. */
export { ArpOp } from './arp.js';
export { checksumOf, pseudoHeaderSum, sumOf } from './checksum.js';
export type { IpHeader } from './checksum.js';
export { decodePacket, headerOf } from './decode.js';
export type { End, Packet } from './decode.js';
export { encodePacket } from './encode.js';
export type { HeaderInput, PacketInput } from './encode.js';
export { decodeEthernet, isLinkLocalMac } from './ethernet.js';
export type { EthernetHeader } from './ethernet.js';
export { decodeHeader, encodeHeader } from './header-codec.js';
export type { Header, HeaderName, HeaderOf } from './headers.js';
export { LldpCapability, LldpChassisId, LldpPortId } from './lldp.js';
export { EtherType, IpProtocol, VXLAN_PORT } from './numbers.js';
export { TcpFlag } from './tcp.js';
export { verifyChecksums } from './verify.js';
export type { Checksum } from './verify.js';
export { VXLAN_VNI_VALID } from './vxlan.js';
