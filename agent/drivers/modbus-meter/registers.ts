import type { RegisterType, WordOrder } from './maps/map.ts'

/**
 * Decodes a number from registers as they came over the wire. Undefined where they hold a meter's "no value": NaN, the largest or
 * smallest signed integer (Carlo Gavazzi's overflow 0x7FFFFFFF, SunSpec's 0x8000...), an unsigned integer of all ones, or a float of
 * less than any measurement: Schneider's PM5330 has 0x8000 in each register that it lacks, which is no 0 W.
 */
export function decodeRegisters(
  bytes: Buffer,
  type: RegisterType,
  order: WordOrder = 'big',
): number | undefined {
  const b = order === 'big' ? bytes : swapWords(bytes)
  switch (type) {
    case 'float32':
      return finite(b.readFloatBE(), LEAST_FLOAT32)
    case 'float64':
      return finite(b.readDoubleBE(), LEAST_FLOAT64)
    case 'int16':
    case 'int32':
    case 'int64':
      return signed(b)
    case 'uint16':
    case 'uint32':
    case 'uint64':
      return b.every((byte) => byte === 0xff) ? undefined : Number(BigInt(`0x${b.toString('hex')}`))
  }
}

/** The smallest numbers of full precision. Integers that are read as floats are often below. */
const LEAST_FLOAT32 = 2 ** -126
const LEAST_FLOAT64 = 2 ** -1022

const finite = (value: number, least: number): number | undefined =>
  Number.isFinite(value) && (value === 0 || Math.abs(value) >= least) ? value : undefined

function signed(b: Buffer): number | undefined {
  const bits = b.length * 8
  const value = BigInt.asIntN(bits, BigInt(`0x${b.toString('hex')}`))
  const limit = 1n << BigInt(bits - 1)
  return value === limit - 1n || value === -limit ? undefined : Number(value)
}

function swapWords(bytes: Buffer): Buffer {
  const swapped = Buffer.alloc(bytes.length)
  for (let i = 0; i < bytes.length; i += 2) bytes.copy(swapped, bytes.length - 2 - i, i, i + 2)
  return swapped
}
