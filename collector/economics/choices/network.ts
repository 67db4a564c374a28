import { BLOCK_S, HALVING_BLOCKS, subsidyBtc } from '../mining.ts'

/** Blocks between two retargets (Bitcoin Core, DifficultyAdjustmentInterval). */
const RETARGET_BLOCKS = 2_016
/** The largest factor of a retarget, up or down (Bitcoin Core, CalculateNextWorkRequired). */
const MAX_RETARGET = 4
const BLOCK_MS = BLOCK_S * 1000
const MAX_LISTED = 8

/** A future block height, with its estimated time (Unix ms). */
export interface Milestone {
  height: number
  blocksLeft: number
  atMs: number
}

/** The next halving, at ten minutes a block, with the new subsidy, BTC. */
export function nextHalving(blockHeight: number, atMs: number): Milestone & { subsidyBtc: number } {
  const height = (Math.floor(blockHeight / HALVING_BLOCKS) + 1) * HALVING_BLOCKS
  const blocksLeft = height - blockHeight
  return { height, blocksLeft, atMs: atMs + blocksLeft * BLOCK_MS, subsidyBtc: subsidyBtc(height) }
}

/** New difficulty / old difficulty at a retarget, if the hashrate is `hashrateRatio` x the one that the old difficulty implies. */
export const retargetRatio = (hashrateRatio: number): number =>
  Math.min(MAX_RETARGET, Math.max(1 / MAX_RETARGET, hashrateRatio))

/**
 * The retargets after `leavesShare` of the network's hashrate leaves now (negative: joins). The first retarget follows the change
 * only in part, because its period has already begun, and a factor above 4 takes several retargets. All are listed, MAX_LISTED at
 * most, until the difficulty fits the hashrate; without a change, only the next one. Until then, blocks take longer.
 * Source: Bitcoin Core, pow.cpp, without its off-by-one of one block in 2016.
 */
export function retargets(
  network: { atMs: number; blockHeight: number; difficulty: number },
  leavesShare: number,
): (Milestone & { difficulty: number })[] {
  const hashrateRatio = 1 - leavesShare
  const list: (Milestone & { difficulty: number })[] = []
  let height = network.blockHeight
  let atMs = network.atMs
  /** difficulty / difficulty now */
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
  } while (Math.abs(level / hashrateRatio - 1) > 1e-9 && list.length < MAX_LISTED)
  return list
}
