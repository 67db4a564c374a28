import { Doubts } from '../../collector/doubts/doubts.ts'
import { PowerWindow } from '../../collector/live/power-window.ts'
import type { Hold } from '../../collector/plugin/held.ts'
import type { DevicePast } from '../../collector/plugin/store.ts'
import type { Interval } from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { Chance } from './chance.ts'
import { honestLlm } from './honest-llm.ts'
import type { HonestMachine } from './honest-machine.ts'
import { honestMiner } from './honest-miner.ts'
import { honestGpu, honestMeter } from './honest-others.ts'

const MAKERS = {
  miners: honestMiner,
  GPUs: honestGpu,
  'meters and hosts': honestMeter,
  'LLM servers': honestLlm,
}
export type MachineKind = keyof typeof MAKERS
export const MACHINE_KINDS = Object.keys(MAKERS) as MachineKind[]

const T0 = Date.UTC(2026, 5, 1)
const DAY_MINUTES = 1440
/** Six hours. */
const PAST_RECORDS = 360

export interface Simulated {
  records: number
  /** machines and days with a doubt */
  doubtfulDays: number
  /** the first doubts, to look at */
  examples: string[]
}

/** As the store tells it at a start. */
function pastOf(stored: readonly Interval[], deviceId: string): DevicePast[] {
  if (stored.length === 0) return []
  const sum = (of: (record: Interval) => number) => stored.reduce((all, record) => all + of(record), 0)
  const energy = {
    energyMilliJ: sum((r) => r.energyMilliJ ?? 0),
    exportedMilliJ: 0,
    overMs: sum((r) => r.durationMs),
  }
  const endMs = Math.max(...stored.map((r) => r.startMs + r.durationMs))
  return [{ agentId: 'agent', deviceId, endMs, energy }]
}

/** Judges the records of honest machines of one kind, each over `days`, and of a collector that starts again now and then. */
export function simulate(kind: MachineKind, machines: number, days: number, seed: number): Simulated {
  const result: Simulated = { records: 0, doubtfulDays: 0, examples: [] }
  for (let m = 0; m < machines; m++) {
    const chance = new Chance(seed * 1_000_003 + m)
    const machine: HonestMachine = MAKERS[kind](chance, `m${m}`)
    let nowMs = T0
    let powers = new PowerWindow()
    const stored: Interval[] = []
    const start = (kept?: string) => {
      powers = new PowerWindow()
      const started = new Doubts({
        device: () => machine.device,
        gpusOf: () => machine.gpus ?? 0,
        powerLimitW: () => machine.limitW,
        meters: { shown: () => powers.shown, behindW: () => 0 },
        nowMs: () => nowMs,
      })
      if (kept !== undefined) started.restore('agent', kept)
      started.remember(pastOf(stored, machine.device.deviceId))
      return started
    }
    let doubts = start()
    let kept = doubts.memoryOf('agent')
    for (let day = 0; day < days; day++) {
      const held: Hold[] = []
      for (let minute = 0; minute < DAY_MINUTES; minute++) {
        const startMs = T0 + (day * DAY_MINUTES + minute) * MINUTE_MS
        nowMs = startMs + MINUTE_MS + 5_000
        // written every five minutes: a collector that is killed forgets no more
        if (minute % 5 === 0) kept = doubts.memoryOf('agent')
        if (chance.inMinute(0.1)) doubts = start(kept)
        const records = machine.minute(startMs)
        if (machine.powerW !== undefined) powers.note(machine.powerW, startMs + MINUTE_MS / 2)
        for (const record of records) {
          result.records++
          const hold = doubts.judge('agent', record)
          if (hold) held.push(hold)
          else stored.push(record)
        }
        stored.splice(0, stored.length - PAST_RECORDS)
        doubts.settled(new Set())
      }
      if (held.length === 0) continue
      result.doubtfulDays++
      if (result.examples.length < 5)
        result.examples.push(
          `${machine.device.model ?? machine.device.kind}, ${held.length} records: ${held[0]?.reason}`,
        )
    }
  }
  return result
}
