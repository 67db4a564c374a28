import { ClockWatch } from '../../../collector/clocks/clock-watch.ts'
import { WorkloadSchema } from '../../../collector/economics/workloads.ts'
import { MisdatedRecords } from '../../../collector/settling/misdated-records.ts'
import { movedOf } from '../../../collector/settling/unconfirmed-time.ts'
import { createLog, SILENT } from '../../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { KNOWN, LedgerRig } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

export const DAY_MS = 86_400_000
/** true time at the begin */
export const T0 = Date.UTC(2026, 10, 30, 21, 33, 10)
/** a contract that pays in every minute */
export const rentOf = (usdPerMonth: number) => [
  WorkloadSchema.parse({ name: 'rent', kind: 'fixed', usdPerMonth, customer: 'Acme' }),
]

/** A collector on a computer of its own, whose clock is so far from true time. */
export class Site {
  trueMs = T0
  offMs = 0
  /** what the kernel says */
  synchronised: boolean | undefined
  /** agents that are heard: their clock minus true time, ms */
  agents: Record<string, number> = {}
  readonly beside = new Set<string>()
  /** steady clock at true time T0, but for its slewing */
  #bootMs = 1_000
  #boots = 1
  /** by how much of the time the wall clock gains beside the steady one */
  slewRatio = 0
  #slewedMs = 0
  readonly store = new MemoryStore()
  /** what is logged of records of a wrong clock */
  readonly lines: string[] = []
  watch: ClockWatch
  rig: LedgerRig
  misdated: MisdatedRecords

  constructor(offMs: number) {
    this.offMs = offMs
    ;({ watch: this.watch, rig: this.rig, misdated: this.misdated } = this.#create(rentOf(43_200)))
  }

  #create(workloads: ReturnType<typeof rentOf>) {
    const wallMs = () => this.trueMs + this.offMs
    const watch = new ClockWatch({
      clock: {
        now: () => ({ wallMs: wallMs(), steadyMs: this.trueMs - T0 + this.#bootMs - this.#slewedMs }),
      },
      log: SILENT,
      isSynchronised: async () => this.synchronised,
      boot: `boot ${this.#boots}`,
    })
    const rig = new LedgerRig(this.store, workloads, [], KNOWN, undefined, {
      nowMs: wallMs(),
      retentionMs: 400 * DAY_MS,
      clock: watch,
    })
    // the rig's own clock is this computer's
    Object.defineProperties(rig, {
      nowMs: { get: wallMs },
      clockInDoubt: { get: () => !watch.maySettle },
    })
    const misdated = new MisdatedRecords({
      store: this.store,
      clock: watch,
      note: (minutes) => rig.settler.note(minutes),
      alone: (work) => rig.records.alone(work),
      decide: (request) => rig.repricer.decide(request),
      onWrong: () => rig.pricing.read(this.store),
      log: createLog({ write: (line) => this.lines.push(line) }),
    })
    return { watch, rig, misdated }
  }

  async start(): Promise<this> {
    this.watch.start(await this.store.newestRecordMs())
    await this.rig.start()
    await this.misdated.look()
    return this
  }

  /** Ends the collector and starts another on the same store. @param steadyLeapMs by how much its steady clock differs from the one before */
  async again(usdPerMonth = 43_200, { rebooted = false, steadyLeapMs = 0, awayMs = 0 } = {}): Promise<void> {
    await this.rig.stop()
    this.away(awayMs)
    if (rebooted) {
      this.#bootMs = T0 - this.trueMs + this.#slewedMs + 500
      this.#boots++
    }
    this.#bootMs += steadyLeapMs
    ;({ watch: this.watch, rig: this.rig, misdated: this.misdated } = this.#create(rentOf(usdPerMonth)))
    await this.start()
  }

  /** The computer stands still, such as a virtual machine: both of its clocks do. */
  pause(ms: number): void {
    this.trueMs += ms
    this.offMs -= ms
    this.#bootMs -= ms
  }

  /** Time in which nothing runs that looks at a clock. */
  away(ms: number): void {
    this.trueMs += ms
    this.#slewedMs += ms * this.slewRatio
  }

  async run(seconds: number): Promise<void> {
    for (let s = 0; s < seconds; s++) {
      this.away(1000)
      for (const [agentId, ms] of Object.entries(this.agents)) {
        this.watch.besideMe(agentId, this.beside.has(agentId))
        this.watch.heard(agentId, this.trueMs - 20 + ms)
      }
      this.watch.tick()
      await Promise.resolve()
      await this.misdated.look()
      await this.rig.settler.tick()
    }
    // what came in this very second waits for the next ones
    for (let idle = 0; idle < 10; ) {
      const { settled } = this.rig.settler.progress
      await this.rig.settler.tick()
      if (!this.watch.maySettle || !(this.rig.settler.searching || this.rig.settler.overdue > 0)) break
      idle = this.rig.settler.searching || this.rig.settler.progress.settled > settled ? 0 : idle + 1
    }
  }

  /** Minutes with rent, from the begin of the test in true time. */
  get minutes(): number[] {
    const paid = this.store.rows.filter((row) => row.revenueNanoUsd > 0)
    return paid
      .map((row) => Math.round((row.minuteMs - Math.floor(T0 / MINUTE_MS) * MINUTE_MS) / MINUTE_MS))
      .sort((a, b) => a - b)
  }

  get told() {
    return movedOf(this.rig.settler.moved, this.trueMs + this.offMs).moved
  }
}

/** 0 to n - 1 */
export const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
