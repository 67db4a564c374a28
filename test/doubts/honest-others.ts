import type { Device } from '../../protocol/device.ts'
import type { Interval } from '../../protocol/interval.ts'
import type { Owner } from '../../protocol/owner.ts'
import { apportion, MINUTE_MS } from '../../protocol/units.ts'
import type { Chance } from './chance.ts'
import type { HonestMachine } from './honest-machine.ts'

const GPUS = [
  { model: 'NVIDIA L4', powerW: 72 },
  { model: 'NVIDIA A100-SXM4-80GB', powerW: 400 },
  { model: 'NVIDIA H100 80GB HBM3', powerW: 700 },
  { model: 'NVIDIA B200', powerW: 1000 },
  { model: 'AMD Instinct MI355X', powerW: 1400 },
] as const

/** An honest GPU: jobs that come and go within a minute, a GPU divided between up to seven owners, changed power limits, gaps. */
export function honestGpu(chance: Chance, deviceId: string): HonestMachine {
  const { model, powerW } = chance.of(GPUS)
  const device: Device = {
    deviceId,
    kind: 'gpu',
    driver: 'any',
    model,
    ...(chance.next() < 0.3 && { ratedPowerW: powerW }),
  }
  const divided = chance.next() < 0.2
  const machine: HonestMachine = { device, limitW: powerW, minute }
  let jobs: Owner[] = []
  let awayMinutes = 0
  let missedMilliJ = 0
  const away: number[] = []

  function minute(startMs: number): Interval[] {
    // the limit that is shown now comes after the records of the minute before
    if (chance.inMinute(1)) machine.limitW = powerW * chance.between(0.4, 1)
    if (chance.inMinute(0.2)) awayMinutes = chance.of([1, 5, 60, 600])
    const busy = jobs.length > 0
    const drawnW = Math.min(machine.limitW ?? powerW, powerW * (busy ? chance.between(0.3, 1.02) : 0.12))
    const energyMilliJ = Math.round(drawnW * MINUTE_MS)
    if (awayMinutes > 0) {
      awayMinutes--
      away.push(startMs)
      missedMilliJ += energyMilliJ
      return []
    }
    const recovered = away.map(
      (awayMs): Interval => ({
        deviceId,
        owner: jobs[0] ?? {},
        startMs: awayMs,
        durationMs: MINUTE_MS,
        coveredMs: 0,
        energyMilliJ: Math.round(missedMilliJ / away.length),
        recovered: true,
      }),
    )
    away.length = 0
    missedMilliJ = 0
    const before = jobs
    const changes = chance.inMinute(24)
    if (changes) {
      const many = divided ? chance.whole(0, 7) : chance.whole(0, 1)
      jobs = Array.from({ length: many }, () => ({ slurmJob: String(chance.whole(1, 1e9)) }))
    }
    const cutMs = changes ? chance.whole(1, 59_999) : MINUTE_MS
    const part = (owners: Owner[], fromMs: number, toMs: number): Interval[] => {
      const lengthMs = toMs - fromMs
      if (lengthMs <= 0) return []
      const all = owners.length > 0 ? owners : [{}]
      const times = apportion(
        lengthMs,
        all.map(() => 1),
      )
      const energies = apportion(
        Math.round((energyMilliJ * lengthMs) / MINUTE_MS),
        all.map(() => 1),
      )
      return all.map((owner, i) => ({
        deviceId,
        owner,
        startMs: startMs + fromMs,
        durationMs: lengthMs,
        coveredMs: lengthMs,
        energyMilliJ: energies[i] as number,
        gpuMs: times[i] as number,
        busyGpuMs: Math.round((times[i] as number) * chance.next()),
      }))
    }
    return [...recovered, ...part(before, 0, cutMs), ...part(jobs, cutMs, MINUTE_MS)]
  }
  return machine
}

/**
 * An honest meter or host: fine counters, or ones that count whole kWh and stand still between, by day and night, with loads that come
 * and go at once. Some meters tell no power.
 */
export function honestMeter(chance: Chance, deviceId: string): HonestMachine {
  const kind = chance.of(['meter', 'meter', 'host'] as const)
  const ratedPowerW = kind === 'host' ? chance.between(400, 12_000) : 10 ** chance.between(3, 8)
  const stepMilliJ = chance.of([1, 1000, kind === 'meter' && ratedPowerW > 20_000 ? 3.6e9 : 3.6e8])
  const device: Device = { deviceId, kind, driver: 'any', ...(chance.next() < 0.6 && { ratedPowerW }) }
  let uncounted = 0
  let awayMinutes = 0
  const away: number[] = []
  // one that shows no power is told what it may measure, unless it is small
  const isShown = device.ratedPowerW === undefined && (ratedPowerW > 20_000 || chance.next() < 0.7)
  let load = 1
  const machine: HonestMachine = {
    device,
    minute(startMs) {
      if (chance.inMinute(0.2)) awayMinutes = chance.of([1, 10, 600])
      if (chance.inMinute(2)) load = chance.of([0.002, 0.05, 0.5, 1])
      const day = 0.5 + 0.4 * Math.sin(startMs / 1.4e7)
      const powerW = ratedPowerW * load * day * chance.between(0.9, 1.2)
      uncounted += powerW * MINUTE_MS
      machine.powerW = isShown && awayMinutes === 0 ? powerW : undefined
      if (awayMinutes > 0) {
        awayMinutes--
        away.push(startMs)
        return []
      }
      const minutes = [...away, startMs]
      const counted = Math.floor(uncounted / stepMilliJ) * stepMilliJ
      uncounted -= counted
      away.length = 0
      const parts = apportion(
        counted,
        minutes.map(() => 1),
      )
      return minutes.map((ms, i) => ({
        deviceId,
        owner: {},
        startMs: ms,
        durationMs: MINUTE_MS,
        coveredMs: ms === startMs ? MINUTE_MS : 0,
        energyMilliJ: parts[i] as number,
        ...(ms === startMs ? {} : { recovered: true }),
      }))
    },
  }
  return machine
}
