/** Which VLANs a port carries, and how [ovs-vswitchd.conf.db(5), Port: VLAN Configuration]. 0 is: no tag. */

export type VlanMode =
  | { readonly kind: 'access'; readonly tag: number }
  | {
      readonly kind: 'trunk';
      /** The VLAN of frames without a tag: 0 where none is set. */
      readonly native: number;
      /** Whether frames of the native VLAN leave with its tag. */
      readonly nativeTagged: boolean;
      /** Undefined: all. */
      readonly trunks: ReadonlySet<number> | undefined;
    };

/** A port with neither tag nor trunks, as `ovs-vsctl add-port` makes it. */
export const openTrunk: VlanMode = { kind: 'trunk', native: 0, nativeTagged: false, trunks: undefined };

export const isOpen = (mode: VlanMode): boolean => mode.kind === 'trunk' && mode.trunks === undefined;

/** An empty mode means access where there is a tag. What is no VLAN id is as good as not there. */
export function readVlanMode(mode: string | null, tag: number | null, trunks: readonly number[]): VlanMode {
  const allowed = trunks.filter(isVlan);
  const set = allowed.length === 0 ? undefined : new Set(allowed);
  const native = tag !== null && isVlan(tag) ? tag : undefined;
  switch (mode) {
    case 'native-tagged':
    case 'native-untagged':
      return {
        kind: 'trunk',
        native: native ?? 0,
        nativeTagged: mode === 'native-tagged' && native !== undefined && native !== 0,
        trunks: set,
      };
    case 'trunk':
      return { kind: 'trunk', native: 0, nativeTagged: false, trunks: set };
    default:
      if (native !== undefined) return { kind: 'access', tag: native };
      return mode === 'access' || mode === 'dot1q-tunnel'
        ? { kind: 'access', tag: 0 }
        : { kind: 'trunk', native: 0, nativeTagged: false, trunks: set };
  }
}

/** With which tag a bridge's VLAN leaves by a port; 0 is without; undefined where it does not. */
export function tagOutside(mode: VlanMode, vlan: number): number | undefined {
  if (mode.kind === 'access') return vlan === mode.tag ? 0 : undefined;
  if (vlan === mode.native && vlan !== 0) return mode.nativeTagged ? vlan : 0;
  if (vlan === 0 && mode.native !== 0) return undefined;
  return mode.trunks === undefined || mode.trunks.has(vlan) ? vlan : undefined;
}

/** Into which VLAN of the bridge a frame with this tag comes; undefined where it is dropped. */
export function vlanInside(mode: VlanMode, tag: number): number | undefined {
  if (mode.kind === 'access') return tag === 0 ? mode.tag : undefined;
  if (tag === 0 && mode.native !== 0) return mode.native;
  if (tag === mode.native) return tag;
  return mode.trunks === undefined || mode.trunks.has(tag) ? tag : undefined;
}

const isVlan = (n: number): boolean => Number.isInteger(n) && n >= 0 && n <= 4095;
