/**
 * The checksum of an entry in DuckDB's write-ahead log: src/common/checksum.cpp of DuckDB 0.10 to 1.5. Words of 8 bytes are multiplied and
 * combined by XOR; the rest goes through MurmurHash64A.
 */
export function logChecksum(data: Buffer): bigint {
  const words = Math.floor(data.length / 8)
  let sum = 5381n
  for (let i = 0; i < words; i++) sum ^= wrapped(data.readBigUInt64LE(i * 8) * WORD_FACTOR)
  return data.length > words * 8 ? sum ^ murmur(data.subarray(words * 8)) : sum
}

const WORD_FACTOR = 0xbf58476d1ce4e5b9n
const MURMUR_FACTOR = 0xc6a4a7935bd1e995n
const MURMUR_SEED = 0xe17a1465n

const wrapped = (value: bigint): bigint => BigInt.asUintN(64, value)

/** MurmurHash64A of fewer than 8 bytes. */
function murmur(rest: Buffer): bigint {
  let hash = MURMUR_SEED ^ wrapped(BigInt(rest.length) * MURMUR_FACTOR)
  rest.forEach((byte, i) => {
    hash ^= BigInt(byte) << BigInt(8 * i)
  })
  hash = wrapped(hash * MURMUR_FACTOR)
  hash ^= hash >> 47n
  hash = wrapped(hash * MURMUR_FACTOR)
  return hash ^ (hash >> 47n)
}
