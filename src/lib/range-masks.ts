/** A value of 16 bits of which only the bits of `mask` count. */
export interface MaskedU16 {
  readonly value: number;
  readonly mask: number;
}

/**
 * A range of 16-bit numbers as the fewest blocks that begin with the same bits each: what a match can say. At most 30.
 *
 * @param from 0 to 65535
 * @param to `from` to 65535
 */
export function rangeMasks(from: number, to: number): readonly MaskedU16[] {
  const blocks: MaskedU16[] = [];
  for (let value = from; value <= to;) {
    let size = 1;
    // As large as the number of zeros at its end allows, and as what is left.
    while (value % (size * 2) === 0 && value + size * 2 - 1 <= to && size < 0x10000) size *= 2;
    blocks.push({ value, mask: 0x10000 - size });
    value += size;
  }
  return blocks;
}
