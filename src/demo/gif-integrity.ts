/** LZW codes of a GIF never get longer than this, and the table holds no more than 2^12 of them. Source: GIF89a, Appendix F. */
const MAX_CODE_BITS = 12;
const TABLE_SIZE = 1 << MAX_CODE_BITS;

/**
 * Walks the LZW stream of one frame without decoding it, and says what is wrong with it, or null.
 * A decoder has no way to tell us: on damaged data it paints what it has, and one crafted stream can keep it in an endless loop.
 * @param offset where the frame's data start: the byte with the code size, then the sub-blocks.
 * @param pixelCount how many pixels the frame must have.
 */
export function findDamage(bytes: Uint8Array, offset: number, pixelCount: number): string | null {
  const literalBits = bytes[offset] ?? 0;
  if (literalBits < 1 || literalBits > 8) return `a code size of ${literalBits} bits`;
  const clearCode = 1 << literalBits;
  const endCode = clearCode + 1;
  const lengths = new Uint32Array(TABLE_SIZE).fill(1, 0, clearCode);
  const codes = readCodes(bytes, offset + 1);

  let codeBits = literalBits + 1;
  let next = endCode + 1;
  let previous = -1;
  let pixels = 0;
  for (let code = codes(codeBits); code >= 0 && code !== endCode; code = codes(codeBits)) {
    if (code === clearCode) {
      codeBits = literalBits + 1;
      next = endCode + 1;
      previous = -1;
      continue;
    }
    // The code that is about to be entered into the table may be used already: it stands for the string before plus one pixel.
    const known = code < clearCode || (previous >= 0 && code <= next);
    if (!known) return `the unknown code ${code} after ${pixels} of ${pixelCount} pixels`;
    if (previous >= 0 && next < TABLE_SIZE) {
      lengths[next] = (lengths[previous] ?? 0) + 1;
      next += 1;
      if (next === 1 << codeBits && codeBits < MAX_CODE_BITS) codeBits += 1;
    }
    pixels += lengths[code] ?? 0;
    previous = code;
  }
  return pixels === pixelCount ? null : `${pixels} of ${pixelCount} pixels`;
}

/** Reads codes of a given number of bits, least significant bit first, over the borders of the sub-blocks; -1 at their end. */
function readCodes(bytes: Uint8Array, firstBlock: number): (bits: number) => number {
  let position = firstBlock;
  let leftInBlock = 0;
  let buffer = 0;
  let buffered = 0;
  return (bits) => {
    while (buffered < bits) {
      if (leftInBlock === 0) {
        leftInBlock = bytes[position] ?? 0;
        position += 1;
        if (leftInBlock === 0) return -1;
      }
      buffer |= (bytes[position] ?? 0) << buffered;
      position += 1;
      leftInBlock -= 1;
      buffered += 8;
    }
    const code = buffer & ((1 << bits) - 1);
    buffer >>>= bits;
    buffered -= bits;
    return code;
  };
}
