import { type AsicFacts, asicReading } from './asic-reading.ts'
import type { Session } from './driver.ts'
import type { Address } from './wire/cgminer.ts'
import { CgminerClient } from './wire/cgminer-client.ts'

/**
 * A session with one miner on its cgminer port. It remembers what the miner needn't be asked twice, and how many boards it
 * showed: one that vanishes is a lost board, not a smaller machine.
 */
export function asicSession(
  address: Address,
  gather: (client: CgminerClient, signal: AbortSignal) => Promise<AsicFacts>,
): Session {
  const client = new CgminerClient(address)
  let boardsSeen = 0
  return {
    async read(signal) {
      try {
        const facts = await gather(client, signal)
        boardsSeen = Math.max(boardsSeen, facts.boards?.length ?? 0)
        return [asicReading({ ...facts, boardsFitted: Math.max(boardsSeen, facts.boardsFitted ?? 0) })]
      } catch (error) {
        client.forget()
        throw error
      }
    },
  }
}
