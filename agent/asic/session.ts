import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { ANOTHER_FIRMWARE, type Session } from '../plugin/driver.ts'
import type { Address } from '../wire/cgminer.ts'
import { CREDENTIALS } from '../wire/web-auth.ts'
import { CgminerClient } from './cgminer-client.ts'
import { type AsicFacts, asicReading } from './reading.ts'

/** A miner on its cgminer port. */
export interface CgminerMachine extends Address {
  /** the firmware that the driver reads, as `firmwareOf` names it; absent: any, as long as it stays the same */
  firmware?: string
  /** what else the driver learnt of it */
  forget?(): void
}

/** How one miner is asked, over whatever wire its family speaks. */
export interface MinerSource {
  gather(signal: AbortSignal): Promise<AsicFacts>
  /** the miner was away and may come back as another: what was learnt of it once is asked again */
  forget(): void
  close?(): void
}

/**
 * A session with one miner. It remembers which boards and fans it showed: a board that vanishes is lost, not a smaller machine,
 * and a fan that stands still is one that once turned, not an empty slot.
 */
export function minerSession(source: MinerSource): Session {
  let boardsSeen = 0
  let uptimeS = 0
  const turned = new Set<string>()
  return {
    async read(signal) {
      try {
        const facts = await source.gather(signal)
        // it was started anew, maybe with other firmware
        if (facts.uptimeS !== undefined && facts.uptimeS < uptimeS) source.forget()
        uptimeS = facts.uptimeS ?? uptimeS
        boardsSeen = Math.max(boardsSeen, facts.boards?.length ?? 0)
        for (const fan of facts.fans ?? []) if (fan.rpm > 0) turned.add(fan.name)
        const fans = facts.fanSlots ? facts.fans?.filter((fan) => turned.has(fan.name)) : facts.fans
        const boardsFitted = Math.max(boardsSeen, facts.boardsFitted ?? 0)
        return [asicReading({ ...facts, ...(fans ? { fans } : {}), boardsFitted })]
      } catch (error) {
        source.forget()
        throw error
      }
    },
    close: () => source.close?.(),
  }
}

/** A session with one miner on its cgminer port. */
export function asicSession(
  { firmware, forget, ...address }: CgminerMachine,
  gather: (client: CgminerClient, signal: AbortSignal) => Promise<AsicFacts>,
): Session {
  const client = new CgminerClient(address, firmware)
  return minerSession({
    gather: (signal) => gather(client, signal),
    forget() {
      client.forget()
      forget?.()
    },
  })
}

/** A second door is not waited for until the first one's answers are lost with it. */
const SUPPLEMENT_MS = 2_500

/**
 * What a machine's second door tells beside its first one: its silence is no failure.
 * @returns the facts; where it wants other credentials, a note that says so; nothing where it doesn't answer
 * @throws `another-firmware`, and the signal's reason when it ends the wait
 */
export async function supplement(
  work: (signal: AbortSignal) => Promise<AsicFacts>,
  signal: AbortSignal,
): Promise<AsicFacts> {
  try {
    return await work(AbortSignal.any([signal, AbortSignal.timeout(SUPPLEMENT_MS)]))
  } catch (error) {
    signal.throwIfAborted()
    const code = error instanceof PerwattError ? error.code : undefined
    if (code === ANOTHER_FIRMWARE) throw error
    return code === CREDENTIALS ? { notes: [reasonOf(error)] } : {}
  }
}
