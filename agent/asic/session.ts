import { defined } from '../../protocol/kit/defined.ts'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Session } from '../plugin/driver.ts'
import { lastingId } from '../wire/loose-json/hardware-id.ts'
import type { Address } from '../wire/tcp/address.ts'
import type { WebClient } from '../wire/web-client.ts'
import { Answers, openScope } from './answers.ts'
import { CgminerClient } from './cgminer-client.ts'
import { type AsicFacts, withoutResidue } from './facts.ts'
import { FrozenAnswers } from './frozen-answers.ts'
import { HashratesBeside } from './hashrates-beside.ts'
import { contradictionOf, MinedAlgorithm } from './mined-algorithm.ts'
import { PaidWork } from './paid-work.ts'
import { LastingDoubt } from './plausible-power.ts'
import { asicReading } from './reading.ts'
import { StuckHashrate } from './stuck-hashrate.ts'
import { saysStop, ToldToStop } from './told-to-stop.ts'

export { alone, supplement } from './answers.ts'

/** A miner's cgminer port. */
export interface CgminerMachine extends Address {
  /** the firmware that the driver expects, as `firmwareOf` names it; absent: any, as long as it stays the same */
  firmware?: string
  /** Drops what the driver itself has kept from earlier replies. */
  forget?(): void
}

/** How one miner is read, over any transport. */
export interface MinerSource {
  /** @param signal for `alone` and `supplement`, which let one answer fail without the others */
  gather(signal: AbortSignal): Promise<AsicFacts>
  /** Drops everything kept from earlier replies: the miner was away, and may return with other firmware. */
  forget(): void
  close?(): void
}

/** Facts of the machine itself and of its settings, which an answer that is missing once does not change. */
const LASTING = ['model', 'firmware', 'algorithm', 'efficiencyJPerTh', 'powerLimitW'] as const

/**
 * A session with one miner. It keeps the largest number of boards it has seen, so that a board that vanishes counts as missing;
 * the fans that have turned, so that a fan that stops is told apart from an empty slot; and the facts that last.
 */
export function minerSession(source: MinerSource): Session {
  let boardsSeen = 0
  let uptimeS = 0
  const turned = new Set<string>()
  let lasting: AsicFacts = {}
  /** kept while the machine is away: what it tells first when it returns may be another id of the same machine */
  let hardwareId: string | undefined
  const forget = () => {
    lasting = {}
    source.forget()
  }
  const work = new PaidWork()
  const still = new FrozenAnswers()
  const stuck = new StuckHashrate()
  const beside = new HashratesBeside()
  const stop = new ToldToStop()
  const mined = new MinedAlgorithm()
  const powerDoubt = new LastingDoubt()
  return {
    remembers() {
      const known = defined({ stop: stop.known, paid: work.known })
      // by its uptime the next session sees that the machine has restarted meanwhile
      return Object.keys(known).length === 0 ? undefined : { ...known, uptimeS }
    },
    recall(known) {
      const { stop: told, paid, uptimeS: before } = (known ?? {}) as Partial<Record<string, unknown>>
      stop.recall(told)
      work.recall(paid)
      if (typeof before === 'number') uptimeS = before
    },
    async read(signal) {
      const answers = new Answers(signal)
      // the signal may serve other sessions too
      const own = AbortSignal.any([signal])
      openScope(own, answers)
      try {
        const told = withReasons(await source.gather(own), answers)
        // the miner has restarted, maybe with other firmware
        if (told.uptimeS !== undefined && told.uptimeS < uptimeS) {
          forget()
          stop.forget()
        }
        const gathered = withoutResidue({ ...told, asleep: stop.of(told) })
        hardwareId = lastingId(hardwareId, gathered.hardwareId)
        const present = still.of({
          ...gathered,
          hardwareId,
          boards: listed(gathered.boards),
          ...lasting,
          ...defined(pick(gathered, LASTING)),
        })
        const facts = beside.of(stuck.of(present))
        lasting = pick(facts, LASTING)
        uptimeS = facts.uptimeS ?? uptimeS
        boardsSeen = Math.max(boardsSeen, facts.boards?.length ?? 0)
        for (const fan of facts.fans ?? []) if (fan.rpm > 0) turned.add(fan.name)
        const fans = facts.fanSlots ? facts.fans?.filter((fan) => turned.has(fan.name)) : facts.fans
        const boardsFitted = Math.max(boardsSeen, facts.boardsFitted ?? 0)
        const paid = work.of(facts)
        const contradiction = contradictionOf(facts)
        return [
          asicReading(
            {
              ...facts,
              ...paid,
              algorithm: mined.of(facts),
              ...(contradiction !== undefined && { notes: [contradiction, ...(facts.notes ?? [])] }),
              ...(fans ? { fans } : {}),
              boardsFitted,
            },
            (doubtful) => powerDoubt.lasts(doubtful, performance.now()),
          ),
        ]
      } catch (error) {
        forget()
        throw error
      }
    },
    close: () => source.close?.(),
  }
}

/** An empty list is no answer: it must not look like boards that are missing. */
const listed = (boards: AsicFacts['boards']): AsicFacts['boards'] => (boards?.length ? boards : undefined)

const pick = (facts: AsicFacts, names: typeof LASTING): AsicFacts =>
  Object.fromEntries(names.map((name) => [name, facts[name]]))

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

/**
 * The facts, with a note of what failed where that is why the hashrate is unknown.
 * @throws why the first request failed, where no answer says how the machine does; that all answers came and say nothing, else
 */
function withReasons(facts: AsicFacts, { failure, notes }: Answers): AsicFacts {
  const { hashrateHs, power, boards, pools, asleep, starting, faults = [] } = facts
  const isStopped = asleep || saysStop(facts)
  const explained = hashrateHs !== undefined || isStopped || starting || faults.length > 0
  if (!explained && !power && !boards?.length && !pools?.configured)
    throw (
      failure ??
      new PerwattError(
        'malformed',
        'its answers tell neither hashrate nor state; check its driver and firmware',
      )
    )
  const why = explained || !failure ? [] : [reasonOf(failure)]
  return { ...facts, notes: [...new Set([...(facts.notes ?? []), ...notes, ...why])] }
}
