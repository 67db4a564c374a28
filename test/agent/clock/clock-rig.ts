import { AgentClock, type AgentClockState } from '../../../agent/clock/agent-clock.ts'
import { clockStateOf, Metering } from '../../../agent/metering/metering.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import type { Spool } from '../../../agent/uplink/spool/spool.ts'
import { planBatch } from '../../../collector/intake/batch-plan.ts'
import { keptApart } from '../../../collector/intake/own-starts.ts'
import type { HighWater } from '../../../collector/plugin/store.ts'
import { type Interval, intervalKey } from '../../../protocol/interval.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { MINUTE_MS, minuteOf } from '../../../protocol/units.ts'
import { asKilled, drain, openSpool, remove, tempFolder } from '../uplink/spool/fixtures.ts'

export const T0 = Date.UTC(2026, 2, 1, 12, 0, 0)
const POLL_S = 5
const POOL = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.rig1' }

/**
 * An agent's clock, meter and spool in a world whose time is known. Its one machine draws 1,000 W and does 10 shares a second, which
 * its counters tell, so that every ms of every minute is known to the unit.
 */
export class ClockRig {
  folder = tempFolder()
  readonly #folders = [this.folder]
  /** true time since the begin */
  nowS = 0
  /** agent's clock minus true time, and collector's clock minus true time */
  agentMs = 0
  collectorMs = 0
  /** whether the collector says that most clocks agree with its own */
  hasMost = false
  /** by how much the agent's clock is slewed in each second, ms, until it is right */
  slewMsPerS = 0
  /** whether the collector answers */
  reachable = true
  boots = 0
  #bootedS = 0
  spool!: Spool
  time!: AgentClock
  #metering!: Metering
  readonly delivered: Interval[] = []
  /** whether the real intake takes the records; else all are taken */
  hasIntake = false
  /** what it put aside, of `delivered`, and how many records it counted as lost */
  readonly aside: Interval[] = []
  lost = 0
  #mark: HighWater | undefined
  /** by epoch and number, what the collector took: it takes no number twice */
  readonly #taken = new Map<string, string>()
  /** the same by number, of whatever epoch */
  readonly #again = new Set<string>()

  readonly #clock = {
    now: () => ({
      wallMs: T0 + this.nowS * 1000 + this.agentMs,
      steadyMs: (this.nowS - this.#bootedS) * 1000 + 7_000,
    }),
  }

  async start(): Promise<this> {
    this.spool = await openSpool(this.folder, {
      nowMs: () => this.#clock.now().wallMs,
      clockHolds: () => this.time.holds,
    })
    const state = clockStateOf(this.spool.lastCommitted) as AgentClockState | undefined
    this.time = new AgentClock({ clock: this.#clock, log: SILENT, state, boot: `boot ${this.boots}` })
    this.#metering = new Metering(this.spool, 15_000, undefined, [], this.time)
    return this
  }

  async remove(): Promise<void> {
    await this.spool.close()
    for (const used of this.#folders) remove(used)
  }

  /** Kills the agent and starts it again; the files are those of the kill. */
  async kill(): Promise<void> {
    const left = asKilled(this.folder)
    this.#folders.push(left)
    await this.spool.close()
    this.folder = left
    await this.start()
  }

  /** The same, with the whole computer, which was off for a time. @param agentMs how wrong its clock is afterwards */
  async reboot(offS: number, agentMs: number): Promise<void> {
    const left = asKilled(this.folder)
    this.#folders.push(left)
    await this.spool.close()
    this.folder = left
    this.nowS += offS
    this.#bootedS = this.nowS
    this.boots++
    this.agentMs = agentMs
    await this.start()
  }

  /** Lets the time go on, a second at a time. Answers of the collector take 20 ms, and come every 5 s. */
  async run(seconds: number): Promise<void> {
    for (const untilS = this.nowS + seconds; this.nowS < untilS; this.nowS++) {
      this.agentMs -= Math.sign(this.agentMs) * Math.min(Math.abs(this.agentMs), this.slewMsPerS)
      if (this.nowS % POLL_S === 0) this.#metering.observe('rig1', this.#reading(), this.time.now())
      if (this.reachable && this.nowS % 5 === 1) this.#exchange()
      await this.#metering.beat(this.time.now())
      await this.spool.giveRightTimes((stretch) => this.time.shiftOf(stretch))
      if (this.reachable && !this.time.holds) await this.#deliver()
    }
  }

  /** The last minute's records too. */
  async end(): Promise<void> {
    await this.#metering.close()
    await this.spool.giveRightTimes((stretch) => this.time.shiftOf(stretch))
    if (this.reachable && !this.time.holds) await this.#deliver()
  }

  #exchange(): void {
    const sentAtMs = this.#clock.now().wallMs
    this.time.sent(sentAtMs)
    this.time.answered(sentAtMs, T0 + this.nowS * 1000 + this.collectorMs, this.hasMost)
    if (!this.time.holds) this.#metering.trustClock(this.#clock.now().wallMs)
  }

  /** The collector takes what it takes: by its own clock, with what it has of the agent beside. */
  async #deliverToIntake(): Promise<void> {
    for (;;) {
      const batch = await this.spool.read(this.spool.oldestSeq, 500)
      if (!batch) return
      const { answer, append } = planBatch(
        { agentId: 'a', batch, sentAtMs: this.#clock.now().wallMs },
        this.#mark,
        {
          nowMs: T0 + this.nowS * 1000 + this.collectorMs,
          retentionMs: 400 * 86_400_000,
          stored: this.delivered,
          there: this.delivered,
        },
      )
      if (append) {
        this.#mark = append.mark
        this.delivered.push(...append.records)
        for (const { record } of append.holds ?? []) this.aside.push(record)
        for (const { records } of append.losses ?? []) this.lost += records
      }
      const before = this.spool.oldestSeq
      if (answer.epoch === this.spool.epoch) this.spool.trim(answer.seq)
      if (this.spool.oldestSeq === before) return
    }
  }

  async #deliver(): Promise<void> {
    if (this.hasIntake) return this.#deliverToIntake()
    for (const { epoch, firstSeq, intervals } of await drain(this.spool))
      for (const [i, record] of intervals.entries()) {
        const number = `${epoch} ${firstSeq + i}`
        const text = JSON.stringify(record)
        const before = this.#taken.get(number)
        if (before !== undefined && before !== text)
          throw new Error(`${number} is ${before}, and then ${text}`)
        this.#taken.set(number, text)
        // a life that goes on after a kill sends again what its ancestor sent, under the same number
        const again = `${firstSeq + i} ${text}`
        if (before === undefined && !this.#again.has(again))
          this.delivered.push(...keptApart([record], this.delivered).records)
        this.#again.add(again)
      }
  }

  #reading(): Reading {
    return {
      identity: { kind: 'asic' },
      sample: { state: 'hashing', holders: [{ owner: POOL, share: 1 }] },
      counters: {
        energyJ: 5_000 + this.nowS * 1000,
        byOwner: [{ owner: POOL, workDiff1: this.nowS * 60_000 }],
      },
    }
  }

  /** What was delivered by true minute since the begin: W on average and shares. */
  byMinute(): Map<number, { energyMilliJ: number; workDiff1: number }> {
    const minutes = new Map<number, { energyMilliJ: number; workDiff1: number }>()
    for (const { startMs, energyMilliJ = 0, workDiff1 = 0 } of this.delivered) {
      const minute = (minuteOf(startMs) - T0) / MINUTE_MS
      const sum = minutes.get(minute) ?? { energyMilliJ: 0, workDiff1: 0 }
      sum.energyMilliJ += energyMilliJ
      sum.workDiff1 += workDiff1
      minutes.set(minute, sum)
    }
    return minutes
  }

  /** Time that the delivered records cover, ms. */
  get coveredMs(): number {
    return this.delivered.reduce((sum, { coveredMs }) => sum + coveredMs, 0)
  }

  /** Keys that were delivered twice. */
  get twice(): string[] {
    const keys = this.delivered.map(intervalKey)
    return keys.filter((key, i) => keys.indexOf(key) !== i)
  }
}

/** Minutes `from` up to `to`, each as the machine was: 1,000 W, and 60,000 shares a second. */
export const trueMinutes = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => [from + i, { energyMilliJ: 60_000_000, workDiff1: 3_600_000 }])
