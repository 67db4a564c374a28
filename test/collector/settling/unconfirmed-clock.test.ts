import { beforeEach, describe, expect, it } from 'vitest'
import { ClockWatch } from '../../../collector/clocks/clock-watch.ts'
import { WorkloadSchema } from '../../../collector/economics/workloads.ts'
import { movedOf } from '../../../collector/settling/unconfirmed-time.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { KNOWN, LedgerRig } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const DAY_MS = 86_400_000
const T0 = Date.UTC(2026, 10, 30, 21, 33, 10)
const rentOf = (usdPerMonth: number) => [
  WorkloadSchema.parse({ name: 'rent', kind: 'fixed', usdPerMonth, customer: 'Acme' }),
]

/** A collector on a computer of its own, whose clock is so far from true time. */
class Site {
  trueMs = T0
  offMs = 0
  /** what the kernel says */
  synchronised: boolean | undefined
  /** agents that are heard: their clock minus true time, ms */
  agents: Record<string, number> = {}
  readonly beside = new Set<string>()
  /** steady clock at true time T0 */
  #bootMs = 1_000
  #boots = 1
  readonly store = new MemoryStore()
  watch: ClockWatch
  rig: LedgerRig

  constructor(offMs: number) {
    this.offMs = offMs
    ;({ watch: this.watch, rig: this.rig } = this.#create(rentOf(43_200)))
  }

  #create(workloads: ReturnType<typeof rentOf>) {
    const wallMs = () => this.trueMs + this.offMs
    const watch = new ClockWatch({
      clock: { now: () => ({ wallMs: wallMs(), steadyMs: this.trueMs - T0 + this.#bootMs }) },
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
    return { watch, rig }
  }

  async start(): Promise<this> {
    this.watch.start(await this.store.newestRecordMs())
    await this.rig.start()
    return this
  }

  /** Ends the collector and starts another on the same store. */
  async again(usdPerMonth = 43_200, { rebooted = false } = {}): Promise<void> {
    await this.rig.stop()
    if (rebooted) {
      this.#bootMs = T0 - this.trueMs + 500
      this.#boots++
    }
    ;({ watch: this.watch, rig: this.rig } = this.#create(rentOf(usdPerMonth)))
    await this.start()
  }

  async run(seconds: number): Promise<void> {
    for (let s = 0; s < seconds; s++) {
      this.trueMs += 1000
      for (const [agentId, ms] of Object.entries(this.agents)) {
        this.watch.besideMe(agentId, this.beside.has(agentId))
        this.watch.heard(agentId, this.trueMs - 20 + ms)
      }
      this.watch.tick()
      await Promise.resolve()
      await this.rig.settler.tick()
    }
    do await this.rig.settler.tick()
    while (this.watch.maySettle && (this.rig.settler.searching || this.rig.settler.overdue > 0))
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

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

describe('a fresh collector with a contract', () => {
  let site: Site
  const begin = async (offMs: number) => {
    site = await new Site(offMs).start()
  }
  beforeEach(() => begin(0))

  it('begins at once where its kernel says that NTP keeps the clock, or agents agree', async () => {
    site.synchronised = true
    await site.run(90)
    expect(site.minutes).toEqual([0])
    await begin(0)
    site.agents = { a: 0 }
    await site.run(90)
    expect(site.minutes).toEqual([0])
    expect(site.store.keptByKind.get('unconfirmed-clock')?.get('settled') ?? '').toBe('')
  })

  it('settles nothing in its first two minutes where no clock agrees, and then from its start on', async () => {
    await site.run(119)
    expect([site.minutes, site.store.rules.length]).toEqual([[], 1])
    await site.run(181)
    expect(site.minutes).toEqual([0, 1, 2, 3])
  })

  it('books no rent for a month before it was installed where its clock is set right after 40 s', async () => {
    await begin(-30 * DAY_MS)
    await site.run(40)
    site.offMs = 0
    site.agents = { a: 0, b: 0 }
    await site.run(185)
    expect(site.minutes).toEqual([0, 1, 2])
    expect(site.told).toMatchObject({ byMs: 30 * DAY_MS })
  })

  it('settles nothing while agents contradict its clock from the first second, and all of that time once it is right', async () => {
    await begin(-30 * DAY_MS)
    site.agents = { a: 0, b: 0 }
    await site.run(400)
    expect(site.minutes).toEqual([])
    site.offMs = 0
    await site.run(120)
    expect(site.minutes).toEqual(upTo(8))
  })

  it('moves its rules and its rent with the clock where one a month behind is set after ten minutes', async () => {
    await begin(-30 * DAY_MS)
    // an agent beside it has the same clock, so it confirms nothing
    site.agents = { a: -30 * DAY_MS }
    site.beside.add('a')
    await site.run(600)
    const wrong = upTo(9).map((m) => m - 30 * 24 * 60)
    expect(site.minutes).toEqual(wrong)
    site.offMs = 0
    site.agents = { a: 0, b: 0 }
    await site.run(60)
    expect(site.minutes).toEqual(upTo(10))
    expect(site.store.rules.map(({ fromMs }) => Math.abs(fromMs - T0) < 3_000)).toEqual([true])
    expect(site.told).toMatchObject({ byMs: 30 * DAY_MS, fromMs: expect.any(Number) })
    const [audit] = await site.store.repricings()
    expect(audit).toMatchObject({ by: 'the collector', reason: expect.stringContaining('by 2592000 s') })
    expect(site.store.changed).toHaveLength(9)
    // what another clock has confirmed moves no more
    site.offMs = 5 * DAY_MS
    await site.run(30)
    site.offMs = 0
    await site.run(30)
    expect(site.minutes.slice(0, 11)).toEqual(upTo(11))
  })

  it('books rent from the begin on where its clock was 500 days ahead, by the rules of each time', async () => {
    await begin(500 * DAY_MS)
    await site.run(300)
    expect(Math.min(...site.minutes)).toBeGreaterThan(499 * 24 * 60)
    site.offMs = 0
    await site.run(130)
    expect(site.minutes).toEqual(upTo(7))
    await site.again(432_000)
    await site.run(240)
    const [low, high] = [43_200, 432_000].map((usd) => Math.round((usd / 30 / 24 / 60) * 1e9))
    const at = (minute: number) =>
      site.store.rows.find(
        (row) => row.minuteMs === Math.floor(T0 / MINUTE_MS) * MINUTE_MS + minute * MINUTE_MS,
      )
    expect([at(5), at(10)].map((row) => Math.round(row?.revenueNanoUsd ?? 0))).toEqual([low, high])
  })

  it('loses no rent where its clock is set right and it is started again, before it has settled anything', async () => {
    await begin(500 * DAY_MS)
    await site.run(90)
    site.offMs = 0
    await site.run(60)
    await site.again()
    await site.run(150)
    expect(site.minutes).toEqual(upTo(4))
  })

  it('gives back what a right clock had settled when a wrong step is undone, and loses nothing', async () => {
    await site.run(600)
    const before = site.minutes
    site.offMs = DAY_MS
    await site.run(240)
    expect(site.minutes.every((m) => m > 1400)).toBe(true)
    site.offMs = 0
    await site.run(180)
    expect(site.minutes.slice(0, before.length)).toEqual(before)
    expect(site.minutes).toEqual(upTo(site.minutes.length))
    expect(site.minutes.length).toBeGreaterThan(13)
  })

  it('moves with a clock that was set while no collector ran', async () => {
    await begin(-30 * DAY_MS)
    await site.run(600)
    site.offMs = 0
    await site.again()
    site.agents = { a: 0, b: 0 }
    await site.run(60)
    expect(site.minutes).toEqual(upTo(10))
  })

  it('begins a second time where the computer was started again with another time, once a clock confirms that one', async () => {
    await begin(-30 * DAY_MS)
    await site.run(600)
    site.offMs = 0
    await site.again(43_200, { rebooted: true })
    site.agents = { a: 0, b: 0 }
    await site.run(120)
    expect(site.minutes).toEqual([10])
    expect(site.told).toMatchObject({ rulesFromMs: expect.any(Number) })
  })

  it('goes on after a reboot that takes an hour, and keeps all that it had settled', async () => {
    await site.run(600)
    await site.rig.stop()
    site.trueMs += 3_600_000
    await site.again(43_200, { rebooted: true })
    site.agents = { a: 0, b: 0 }
    await site.run(60)
    expect(site.minutes).toEqual(upTo(70))
    expect(site.told).toBeUndefined()
  })
})
