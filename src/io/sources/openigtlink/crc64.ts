/** CRC-64 of ECMA-182 as OpenIGTLink uses it (igtl_util.c): polynomial 42F0E1EBA9EA3693, from 0, not reflected. */

const [POLYNOMIAL_HIGH, POLYNOMIAL_LOW] = [0x42f0e1eb, 0xa9ea3693];

/** The checksum's halves for each byte: 64-bit integers are too slow for pictures. */
const HIGH = new Int32Array(256);
const LOW = new Int32Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  let [high, low] = [byte << 24, 0];
  for (let bit = 0; bit < 8; bit += 1) {
    const carry = high < 0;
    high = (high << 1) | (low >>> 31);
    low <<= 1;
    if (carry) {
      high ^= POLYNOMIAL_HIGH;
      low ^= POLYNOMIAL_LOW;
    }
  }
  HIGH[byte] = high;
  LOW[byte] = low;
}

export function crc64(bytes: Uint8Array): bigint {
  let [high, low] = [0, 0];
  for (let i = 0; i < bytes.length; i += 1) {
    const index = (high >>> 24) ^ bytes[i];
    high = ((high << 8) | (low >>> 24)) ^ HIGH[index];
    low = (low << 8) ^ LOW[index];
  }
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
