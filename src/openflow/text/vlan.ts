/**
 * VLAN tags in a match. OpenFlow 1.3 has two fields, vlan_vid with OFPVID_PRESENT and vlan_pcp; ovs-ofctl shows both as the
 * bits of one tag: `dl_vlan=`, `dl_vlan_pcp=`, or `vlan_tci=value/mask` where they are neither.
 */
import { OFPVID_PRESENT } from '../constants.js';
import type { Match } from '../fields/match.js';
import type { KnownOxm } from '../fields/oxm.js';

const vidBits = 0x0fff;
const vidField = 0x1fff;
const pcpBits = 0xe000;
const allBits = 0xffff;

/** A tag's bits, of which those of `mask` count. */
interface Tag {
  readonly value: number;
  readonly mask: number;
}

/** The tag that a match asks for with vlan_vid and vlan_pcp, or with vlan_tci. */
function tagsOf(match: Match): readonly Tag[] {
  const both: Tag[] = [];
  const tags: Tag[] = [];
  for (const one of match)
    if (one.field === 'vlan_vid') both.push({ value: one.value, mask: one.mask ?? vidField });
    else if (one.field === 'vlan_pcp') both.push({ value: one.value << 13, mask: pcpBits });
    else if (one.field === 'vlan_tci') tags.push({ value: one.value, mask: one.mask ?? allBits });
  if (both.length === 0) return tags;
  return [both.reduce((a, b) => ({ value: a.value | b.value, mask: a.mask | b.mask })), ...tags];
}

/** What dump-flows prints for the tags of a match. */
export const formatTags = (match: Match): readonly string[] => tagsOf(match).flatMap(formatTag);

function formatTag({ value, mask }: Tag): readonly string[] {
  const vid = mask & vidBits;
  const pcp = mask & pcpBits;
  const isWhole = (vid === 0 || vid === vidBits) && (pcp === 0 || pcp === pcpBits) && (vid | pcp) !== 0;
  if ((mask & value & OFPVID_PRESENT) !== 0 && isWhole)
    return [
      ...(vid === 0 ? [] : [`dl_vlan=${value & vidBits}`]),
      ...(pcp === 0 ? [] : [`dl_vlan_pcp=${value >> 13}`]),
    ];
  return [`vlan_tci=${hex4(value)}${mask === allBits ? '' : `/${hex4(mask)}`}`];
}

const hex4 = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;

/** The fields for a tag's bits: vlan_vid and vlan_pcp, or vlan_tci where these two can not say it. */
export function fieldsOfTag({ value, mask }: Tag): readonly KnownOxm[] {
  const vid = mask & vidField;
  const pcp = mask & pcpBits;
  const set = value & mask;
  // No tag at all [OF1.3.5 7.2.3.7, OFPVID_NONE].
  if (set === 0 && vid === vidField) return [{ field: 'vlan_vid', value: 0 }];
  const isUntagged = (mask & OFPVID_PRESENT) !== 0 && (set & OFPVID_PRESENT) === 0;
  if ((pcp !== 0 && pcp !== pcpBits) || (isUntagged && set !== 0))
    return [{ field: 'vlan_tci', value: set, ...(mask === allBits ? {} : { mask }) }];
  return [
    ...fieldsOfVid(set & vidField, vid),
    ...(pcp === 0 ? [] : [{ field: 'vlan_pcp' as const, value: set >> 13 }]),
  ];
}

function fieldsOfVid(value: number, mask: number): readonly KnownOxm[] {
  if (mask === 0) return [];
  return [{ field: 'vlan_vid', value, ...(mask === vidField ? {} : { mask }) }];
}

/** `dl_vlan`'s number for "no tag" (OpenFlow 1.0). */
const noVlan = 0xffff;

/** The vlan_vid for a number that users write as dl_vlan; undefined where it is too large. */
export function vidOf(dlVlan: bigint): number | undefined {
  if (dlVlan === BigInt(noVlan)) return 0;
  return dlVlan <= BigInt(vidBits) ? Number(dlVlan) | OFPVID_PRESENT : undefined;
}
