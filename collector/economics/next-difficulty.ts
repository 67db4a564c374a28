/** Blocks between two difficulty adjustments (Bitcoin Core, consensus.DifficultyAdjustmentInterval). */
const RETARGET_BLOCKS = 2016
/** Two weeks, s: how long the blocks of a period should take (Bitcoin Core, consensus.nPowTargetTimespan). */
const TARGET_TIMESPAN_S = 1_209_600
/** The easiest target of the main chain, and of difficulty 1 (Bitcoin Core, consensus.powLimit, as nBits 0x1d00ffff). */
const POW_LIMIT_BITS = 0x1d00ffff

/** What of a block header decides the next difficulty. */
export interface BlockHeader {
  height: number
  /** nTime, Unix s */
  timeS: number
  /** nBits: the target in compact form */
  bits: number
}

/** Whether the block after this height is the first of a new difficulty period. */
export const retargetsAfter = (tipHeight: number): boolean => (tipHeight + 1) % RETARGET_BLOCKS === 0

/** Height of the first block of the period that ends with this block. */
export const periodStart = (tipHeight: number): number => tipHeight - RETARGET_BLOCKS + 1

/** Difficulty of a target in compact form: the target of difficulty 1 over it (Bitcoin Core, GetDifficulty). */
export const difficultyOf = (bits: number): number =>
  (0xffff / (bits & 0xff_ffff)) * 256 ** (0x1d - (bits >>> 24))

/**
 * nBits of the first block of the next period (Bitcoin Core, CalculateNextWorkRequired): the old target times the time that the
 * period took over two weeks, at most four times more or less, in compact form.
 * @param last newest block, the last of its period
 * @param firstTimeS nTime of the period's first block, Unix s
 */
export function nextBits({ timeS, bits }: BlockHeader, firstTimeS: number): number {
  const tookS = Math.min(Math.max(timeS - firstTimeS, TARGET_TIMESPAN_S / 4), TARGET_TIMESPAN_S * 4)
  const target = (targetOf(bits) * BigInt(tookS)) / BigInt(TARGET_TIMESPAN_S)
  const easiest = targetOf(POW_LIMIT_BITS)
  return compactOf(target < easiest ? target : easiest)
}

/** Mantissa of 3 bytes, shifted by the exponent byte less 3 (Bitcoin Core, arith_uint256::SetCompact). */
function targetOf(bits: number): bigint {
  const exponent = bits >>> 24
  const mantissa = BigInt(bits & 0x7f_ffff)
  return exponent <= 3 ? mantissa >> BigInt(8 * (3 - exponent)) : mantissa << BigInt(8 * (exponent - 3))
}

/** Bitcoin Core, arith_uint256::GetCompact: a mantissa whose top bit is set moves a byte down, because that bit is the sign. */
function compactOf(target: bigint): number {
  let exponent = Math.ceil(target.toString(16).length / 2)
  let mantissa = exponent <= 3 ? target << BigInt(8 * (3 - exponent)) : target >> BigInt(8 * (exponent - 3))
  if (mantissa & 0x80_0000n) {
    mantissa >>= 8n
    exponent++
  }
  return ((exponent << 24) | Number(mantissa)) >>> 0
}
