import { agreeing } from './agreement.ts'
import { EnergyCheck } from './energy-check.ts'
import { HolderMemory } from './holder-memory.ts'
import { inRange } from './in-range.ts'
import type { Reading } from './reading.ts'
import { type KnownByChecks, withChecks } from './remembered.ts'
import type { Session } from './session.ts'
import { UptimeCheck } from './uptime-check.ts'
import { UptimeLines } from './uptime-lines.ts'
import { WorkCheck, withoutCounter } from './work-check.ts'

/**
 * A session each of whose readings is held against itself: every figure against its range, figures of one reply against each other,
 * and counters over minutes: energy against
 * the power of the same device, accepted work against its hashrate. What can't be is absent, and a fault tells it.
 * @param known what the checks of an earlier session have learnt
 */
export function heldSession(session: Session, known: KnownByChecks = {}): Session {
  const energy = new EnergyCheck(known['energy'])
  const work = new WorkCheck(known['work'])
  const holders = new HolderMemory(known['holders'])
  const uptime = new UptimeCheck()
  const lines = new UptimeLines()
  const ofMiner = (reading: Reading, told: Reading, steadyMs: number): Reading => {
    const { isOther, areTwo } = lines.of(told, steadyMs)
    if (isOther === undefined && areTwo === undefined) return work.checked(holders.checked(reading), steadyMs)
    work.forget()
    return withoutCounter(holders.checked(reading), areTwo ?? isOther ?? '')
  }
  const held = (reading: Reading, steadyMs: number): Reading => {
    const possible = uptime.checked(energy.checked(agreeing(inRange(reading)), steadyMs), steadyMs)
    // a miner is one machine, without parts
    return possible.identity.kind === 'asic' ? ofMiner(possible, reading, steadyMs) : possible
  }
  return {
    async read(signal) {
      const readings = await session.read(signal)
      const steadyMs = performance.now()
      return readings.map((reading) => held(reading, steadyMs))
    },
    ...(session.close && { close: () => session.close?.() }),
    ...(session.rest && { rest: () => session.rest?.() }),
    remembers: () =>
      withChecks(session.remembers?.(), {
        energy: energy.known,
        work: work.known,
        holders: holders.known,
      }),
  }
}
