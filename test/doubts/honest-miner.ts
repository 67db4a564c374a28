import type { Device } from '../../protocol/device.ts'
import type { Interval } from '../../protocol/interval.ts'
import { HASHES_PER_DIFF1, MINUTE_MS } from '../../protocol/units.ts'
import type { Chance } from './chance.ts'
import type { HonestMachine } from './honest-machine.ts'

/** Miners of the field: hashrate by the maker, W, and how their hashrate reading scatters within a minute. */
const MODELS = [
  { model: 'Bitaxe Ultra', hashrateHs: 0.5e12, powerW: 12, scatter: 0.25 },
  { model: 'Bitaxe Gamma 601', hashrateHs: 1.2e12, powerW: 18, scatter: 0.25 },
  { model: 'NerdQAxe++', hashrateHs: 4.8e12, powerW: 76, scatter: 0.15 },
  { model: 'Antminer S9', hashrateHs: 13.5e12, powerW: 1323, scatter: 0.05 },
  { model: 'Antminer S19j Pro', hashrateHs: 104e12, powerW: 3068, scatter: 0.04 },
  { model: 'Antminer S21', hashrateHs: 200e12, powerW: 3500, scatter: 0.03 },
  { model: 'Whatsminer M66S', hashrateHs: 298e12, powerW: 5513, scatter: 0.02 },
  { model: 'Antminer S23 Hyd.', hashrateHs: 580e12, powerW: 5510, scatter: 0.02 },
] as const
const POOL = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.worker' }
const DEV = { ...POOL, poolRole: 'devfee' }
const FIXED_DIFFICULTIES = [512, 4096, 65_536, 65_536, 262_144, 1_048_576, 4_194_304]

/**
 * An honest miner at its pool: shares by chance at a fixed difficulty or one that the pool adapts, answers that come late, restarts,
 * reconnects, pool outages, times out of reach that its counter recovers, tuning, a developer's fee, restarts of its agent.
 */
export function honestMiner(chance: Chance, deviceId: string): HonestMachine {
  const { model, hashrateHs, powerW, scatter } = chance.of(MODELS)
  // tuned from eco to overclocked
  const trueHs = hashrateHs * chance.between(0.6, 1.45)
  const drawnW = powerW * chance.between(0.6, 1.5)
  const vardiff = chance.next() < 0.6
  const sharesPerMinute = chance.of([0.5, 2, 4, 6, 20])
  const startDifficulty = chance.of(FIXED_DIFFICULTIES)
  const farm = chance.next() < 0.3
  const devFee = chance.next() < 0.2
  const device: Device = {
    deviceId,
    kind: 'asic',
    driver: 'any',
    model,
    ...(chance.next() < 0.7 && { expectedHashrateHs: hashrateHs * chance.between(0.9, 1.1) }),
    ...(chance.next() < 0.7 && { modelHashrateHs: hashrateHs, modelPowerW: powerW }),
    ...(chance.next() < 0.3 && { ratedPowerW: powerW }),
  }
  // most firmware shows its share difficulty; the agent sends it since a later version
  const tells = chance.next() < 0.6
  let difficulty = difficultyAt(farm ? 4_194_304 : startDifficulty)
  let sinceRetarget = 0
  let seenDifficulty: number[] = []
  let shares = 0
  let [offMinutes, awayMinutes, poolAwayMinutes, lateMinutes, bootMinutes] = [0, 0, 0, 0, 0]
  let [lateWork, missed, missedEnergy] = [0, 0, 0]
  const away: number[] = []

  /** No pool leaves a machine without a share for long: one comes every two hours at least. */
  function difficultyAt(wanted: number): number {
    const most = (trueHs * 2 * 3600) / HASHES_PER_DIFF1
    return wanted < most ? wanted : 2 ** Math.floor(Math.log2(most))
  }

  return {
    device,
    minute(startMs: number): Interval[] {
      if (chance.inMinute(0.3)) offMinutes = chance.whole(1, 15)
      if (chance.inMinute(0.2)) awayMinutes = chance.of([1, 3, 10, 60, 600, 4320])
      if (chance.inMinute(0.3)) poolAwayMinutes = chance.of([1, 5, 30, 300])
      if (chance.inMinute(1)) lateMinutes = chance.whole(1, 9)
      const hashes = offMinutes === 0
      if (offMinutes > 0 && --offMinutes === 0) {
        bootMinutes = chance.whole(1, 6)
        difficulty = difficultyAt(vardiff || farm ? startDifficulty : difficulty)
      }
      const submits = hashes && poolAwayMinutes === 0
      if (poolAwayMinutes > 0 && --poolAwayMinutes === 0 && vardiff)
        difficulty = difficultyAt(startDifficulty)
      const mean = submits ? (trueHs * 60) / HASHES_PER_DIFF1 / difficulty : 0
      // what the agent reads in this minute and the one before
      seenDifficulty = [seenDifficulty[1] ?? difficulty, difficulty]
      const found = mean > 0 ? chance.poisson(mean * 0.995) : 0
      let work = found * difficulty
      if (vardiff && submits) {
        shares += found
        if (++sinceRetarget >= 5) {
          const wanted = (difficulty * shares) / sinceRetarget / sharesPerMinute
          const step = Math.min(4, Math.max(0.25, wanted / difficulty || 0.25))
          difficulty = difficultyAt(Math.max(256, difficulty * step))
          sinceRetarget = 0
          shares = 0
        }
      }
      if (lateMinutes > 0) {
        lateMinutes--
        lateWork += work
        work = lateMinutes === 0 ? lateWork : 0
        if (lateMinutes === 0) lateWork = 0
      }
      // the reading scatters, and is 0 while the machine boots though shares may come
      const booting = bootMinutes > 0 && bootMinutes-- > 0
      const shownHs = hashes && !booting ? Math.max(0, trueHs * (1 + scatter * chance.normal())) : 0
      const shown = Math.round((shownHs * 60) / HASHES_PER_DIFF1)
      const energyMilliJ = Math.round(60_000 * (hashes ? drawnW * (1 + 0.03 * chance.normal()) : 20))
      if (awayMinutes > 0) {
        awayMinutes--
        away.push(startMs)
        missed += work
        missedEnergy += energyMilliJ
        return []
      }
      const record = (over: Partial<Interval>): Interval => ({
        deviceId,
        owner: POOL,
        startMs,
        durationMs: MINUTE_MS,
        coveredMs: MINUTE_MS,
        energyMilliJ,
        hashrateWorkDiff1: shown,
        workDiff1: work,
        ...(tells && { shareDiff1: Math.max(...seenDifficulty) }),
        ...over,
      })
      const recovered = away.map((awayMs) => {
        const even = {
          workDiff1: Math.round(missed / away.length),
          energyMilliJ: Math.round(missedEnergy / away.length),
        }
        const made = { ...record(even), startMs: awayMs, coveredMs: 0, recovered: true }
        delete made.hashrateWorkDiff1
        return made
      })
      away.length = 0
      missed = 0
      missedEnergy = 0
      // the agent starts again: two records share the minute
      const cutMs = chance.inMinute(0.5) ? chance.whole(1_000, 59_000) : MINUTE_MS
      const parts = [[0, cutMs], ...(cutMs < MINUTE_MS ? [[cutMs, MINUTE_MS]] : [])] as [number, number][]
      const own = parts.flatMap(([from, to]) => {
        const part = (to - from) / MINUTE_MS
        const cut = {
          startMs: startMs + from,
          durationMs: to - from,
          coveredMs: to - from,
          energyMilliJ: Math.round(energyMilliJ * part),
          hashrateWorkDiff1: Math.round(shown * part),
          workDiff1: from === 0 ? work : 0,
        }
        if (!devFee || chance.next() > 0.1) return [record(cut)]
        const fee = { ...cut, owner: DEV, energyMilliJ: 0, hashrateWorkDiff1: 0, workDiff1: 0 }
        return [record(cut), record(fee)]
      })
      return [...recovered, ...own]
    },
  }
}
