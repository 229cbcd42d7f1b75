/**
 * Cookies are a namespace: who owns a flow, what kind of flow it is, and what it says, readable from a dump alone.
 *
 *   63      48 47  43 42   40 39                 0
 *   | 0x4864 |  app | class | hash of the flow    |
 *
 * The first 16 bits say that Heddle made it. Two flows with one cookie say the same thing, so a dump is compared with
 * the desired state by cookie, whatever way the switch writes matches and actions back.
 */
export type FlowClass = 'static' | 'learned' | 'reactive';

const ownerBits = 0x4864n;
const classes: readonly FlowClass[] = ['static', 'learned', 'reactive'];

/** Cookie and mask that select every flow of Heddle's, for a dump [OF1.3.5 A.3.5.2 cookie_mask]. */
export const ourCookies = { cookie: ownerBits << 48n, mask: 0xffffn << 48n } as const;

/** The same for the flows that are reconciled, whatever app they belong to. */
export const staticCookies = {
  cookie: ownerBits << 48n,
  mask: (0xffffn << 48n) | (7n << 40n),
} as const;

/** The same for what switches have learned by themselves. */
export const learnedCookies = {
  cookie: (ownerBits << 48n) | (BigInt(classes.indexOf('learned')) << 40n),
  mask: staticCookies.mask,
} as const;

export const isOurCookie = (cookie: bigint): boolean => cookie >> 48n === ownerBits;

/** Apps are numbered from 0 to 31 in a cookie. */
export const maxApps = 32;

/** @param hash a whole number below 2^40 */
export function makeCookie(app: number, flowClass: FlowClass, hash: number): bigint {
  const high = (app << 3) | classes.indexOf(flowClass);
  return (ownerBits << 48n) | (BigInt(high) << 40n) | BigInt(hash);
}

export function classOfCookie(cookie: bigint): FlowClass | undefined {
  return isOurCookie(cookie) ? classes[Number((cookie >> 40n) & 7n)] : undefined;
}

export const appOfCookie = (cookie: bigint): number => Number((cookie >> 43n) & 31n);

/**
 * FNV-1a over two 32-bit lanes, folded to 40 bits. Not for secrets: for telling flows apart. It must never change: flows
 * of an earlier version are known by it.
 */
export function hash40(bytes: Uint8Array): number {
  let low = 0x811c9dc5;
  let high = 0xcbf29ce4;
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte, 0x01000197) ^ (low >>> 15);
  }
  return ((high & 0xff) >>> 0) * 2 ** 32 + (low >>> 0);
}

const text = new TextEncoder();

export const hashText = (key: string): number => hash40(text.encode(key));
