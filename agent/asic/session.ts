import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { ANOTHER_FIRMWARE, type Session } from '../plugin/driver.ts'
import type { Address } from '../wire/tcp/address.ts'
import { CREDENTIALS } from '../wire/web-auth.ts'
import type { WebClient } from '../wire/web-client.ts'
import { AcceptedRatio } from './accepted-ratio.ts'
import { CgminerClient } from './cgminer-client.ts'
import type { AsicFacts } from './facts.ts'
import { asicReading } from './reading.ts'

/** A miner's cgminer port. */
export interface CgminerMachine extends Address {
  /** the firmware that the driver expects, as `firmwareOf` names it; absent: any, as long as it stays the same */
  firmware?: string
  /** Drops what the driver itself has kept from earlier replies. */
  forget?(): void
}

/** How one miner is read, over any transport. */
export interface MinerSource {
  gather(signal: AbortSignal): Promise<AsicFacts>
  /** Drops everything kept from earlier replies: the miner was away, and may return with other firmware. */
  forget(): void
  close?(): void
}

/**
 * A session with one miner. It keeps the largest number of boards it has seen, so that a board that vanishes counts as missing;
 * and the fans that have turned, so that a fan that stops is told apart from an empty slot.
 */
export function minerSession(source: MinerSource): Session {
  let boardsSeen = 0
  let uptimeS = 0
  const turned = new Set<string>()
  const accepted = new AcceptedRatio()
  return {
    async read(signal) {
      try {
        const facts = await source.gather(signal)
        // the miner has restarted, maybe with other firmware
        if (facts.uptimeS !== undefined && facts.uptimeS < uptimeS) source.forget()
        uptimeS = facts.uptimeS ?? uptimeS
        boardsSeen = Math.max(boardsSeen, facts.boards?.length ?? 0)
        for (const fan of facts.fans ?? []) if (fan.rpm > 0) turned.add(fan.name)
        const fans = facts.fanSlots ? facts.fans?.filter((fan) => turned.has(fan.name)) : facts.fans
        const boardsFitted = Math.max(boardsSeen, facts.boardsFitted ?? 0)
        const pools = facts.pools && accepted.fillIn(facts.pools)
        return [
          asicReading({ ...facts, ...(fans ? { fans } : {}), ...(pools ? { pools } : {}), boardsFitted }),
        ]
      } catch (error) {
        source.forget()
        throw error
      }
    },
    close: () => source.close?.(),
  }
}

/** A session with one miner on its cgminer port. */
export function cgminerSession(
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

/** A session with one miner by its web interface alone. */
export const webSession = (
  pages: WebClient,
  gather: (pages: WebClient, signal: AbortSignal) => Promise<AsicFacts>,
): Session => minerSession({ gather: (signal) => gather(pages, signal), forget: () => pages.forget() })

/** Less than a poll's deadline, so that a silent second interface does not cost the first one's answers. */
const SUPPLEMENT_MS = 2_500

/**
 * Facts from a machine's second interface, whose failure must not fail the poll.
 * @returns the facts; a note where it refuses the credentials; no facts where it fails in another way
 * @throws `another-firmware`, and the signal's reason when the deadline passes
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
