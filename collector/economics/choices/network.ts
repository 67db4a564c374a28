import { BLOCK_S, HALVING_BLOCKS, subsidyBtc } from '../mining.ts'

/** Blocks between two retargets (Bitcoin Core, DifficultyAdjustmentInterval). */
const RETARGET_BLOCKS = 2_016
/** A retarget changes the difficulty by this at most, either way (Bitcoin Core, CalculateNextWorkRequired). */
const MOST_RETARGET = 4
const BLOCK_MS = BLOCK_S * 1000
const MOST_LISTED = 8

/** A height that comes, and about when, Unix ms. */
export interface Milestone {
  height: number
  blocksLeft: number
  atMs: number
}

/** The next halving, at ten minutes a block, and the subsidy from then on, BTC. */
export function nextHalving(blockHeight: number, atMs: number): Milestone & { subsidyBtc: number } {
  const height = (Math.floor(blockHeight / HALVING_BLOCKS) + 1) * HALVING_BLOCKS
  const blocksLeft = height - blockHeight
  return { height, blocksLeft, atMs: atMs + blocksLeft * BLOCK_MS, subsidyBtc: subsidyBtc(height) }
}

/** What a retarget makes of the difficulty at most, where the hashrate is `hashrateRatio` of what the difficulty stands for. */
export const retargetRatio = (hashrateRatio: number): number =>
  Math.min(MOST_RETARGET, Math.max(1 / MOST_RETARGET, hashrateRatio))

/**
 * The retargets that come, after `leavesShare` of the network's hashrate leaves now (negative: joins). A period that is
 * partly over when it leaves takes up its part only, and a change beyond a factor of 4 takes several: each is listed until
 * the difficulty fits the hashrate again. Without a change, the next one alone. Blocks come slower until then.
 * Source: Bitcoin Core, pow.cpp; its off-by-one of a block in 2016 is left out.
 */
export function retargets(
  network: { atMs: number; blockHeight: number; difficulty: number },
  leavesShare: number,
): (Milestone & { difficulty: number })[] {
  const hashrateRatio = 1 - leavesShare
  const list: (Milestone & { difficulty: number })[] = []
  let height = network.blockHeight
  let atMs = network.atMs
  /** difficulty as a part of today's */
  let level = 1
  do {
    const next = (Math.floor(height / RETARGET_BLOCKS) + 1) * RETARGET_BLOCKS
    const blocks = next - height
    const blockMs = (BLOCK_MS * level) / hashrateRatio
    const periodMs = (RETARGET_BLOCKS - blocks) * BLOCK_MS + blocks * blockMs
    level *= retargetRatio((RETARGET_BLOCKS * BLOCK_MS) / periodMs)
    height = next
    atMs += blocks * blockMs
    const blocksLeft = height - network.blockHeight
    list.push({ height, blocksLeft, atMs: Math.round(atMs), difficulty: network.difficulty * level })
  } while (Math.abs(level / hashrateRatio - 1) > 1e-9 && list.length < MOST_LISTED)
  return list
}
