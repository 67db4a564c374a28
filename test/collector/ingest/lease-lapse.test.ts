import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreLease } from '../../../collector/ingest/store-lease.ts'
import type { Lease } from '../../../collector/plugin/lease-store.ts'
import { SILENT } from '../../../protocol/kit/log.ts'

const BEAT_MS = 1_000

/** A store, and collectors of it that can be cut off from it or halted. What each writes is only right where it knows what the others wrote. */
class Site {
  nowMs = 0
  readonly rows = new Map<string, Lease>()
  /** how many writes the store has had */
  written = 0
  /** writes of a collector that did not know what is stored */
  blind: string[] = []
  readonly collectors: Collector[] = []

  async begin(n: number): Promise<Collector> {
    const collector = new Collector(this, n)
    this.collectors.push(collector)
    await collector.begin()
    return collector
  }
}

class Collector {
  readonly lease: StoreLease
  cut = false
  halted = false
  reads = 0
  #known = -1
  readonly #site: Site
  readonly #name: string

  constructor(site: Site, n: number) {
    this.#site = site
    this.#name = `host-${n}`
    const store = {
      writeLease: async (lease: Lease) => void this.#reached().rows.set(lease.program.instance, lease),
      removeLease: async (instance: string) => void site.rows.delete(instance),
      leases: async () => [...this.#reached().rows.values()],
    }
    const program = { instance: `0000000${n}`, startedAtMs: n, host: this.#name, addresses: [] }
    this.lease = new StoreLease({
      ...{ store, program, log: SILENT, beatMs: BEAT_MS, steadyMs: () => site.nowMs },
    })
    this.lease.listen({
      onOther: () => undefined,
      onFirst: (first) => {
        if (!first) void this.lease.readAgain(() => this.read()).catch(() => undefined)
      },
    })
  }

  #reached(): Site {
    if (this.cut) throw new Error('not reached')
    return this.#site
  }

  async begin(): Promise<void> {
    // as the beats of a timer would: it waits until it shows whether another one runs
    for (let i = 0; i < 4; i++) {
      this.#site.nowMs += BEAT_MS
      for (const other of this.#site.collectors) if (other !== this && !other.halted) await other.lease.look()
      await this.lease.look()
    }
    if ((await this.lease.obtain()) === undefined) await this.read()
    await this.lease.look()
  }

  async read(): Promise<void> {
    this.#known = this.#reached().written
    this.reads++
  }

  /** Stores something, as a program does that was just woken: before any timer of it ran. */
  write(): boolean {
    const may = !this.cut && !this.halted && this.lease.serves && !this.lease.first
    if (!may) return false
    if (this.#known !== this.#site.written) this.#site.blind.push(`${this.#name} at ${this.#site.nowMs}`)
    this.#site.written++
    this.#known = this.#site.written
    return true
  }
}

/** Time goes on by whole beats. */
async function pass(site: Site, beats: number): Promise<void> {
  for (let i = 0; i < beats; i++) {
    site.nowMs += BEAT_MS
    for (const collector of site.collectors) {
      collector.write()
      if (!collector.halted) await collector.lease.look()
    }
  }
}

describe('a collector that was away from its store', () => {
  it('takes nothing at once when it was halted for as long as another waits, and reads again before it goes on', async () => {
    const site = new Site()
    const first = await site.begin(1)
    await pass(site, 5)
    expect(first.write()).toBe(true)
    first.halted = true
    site.nowMs += 30 * BEAT_MS
    first.halted = false
    expect(first.write()).toBe(false)
    expect(first.lease.mustRead).toBe(true)
    expect(first.lease.lapsed).toContain('another one may have used the store')
    const before = first.reads
    await pass(site, 2)
    expect(first.reads).toBe(before + 1)
    expect(first.write()).toBe(true)
  })

  it.each(['cut', 'halted'] as const)('stands by for the one that took over while it was %s', async (how) => {
    const site = new Site()
    const [first, second] = [await site.begin(1), await site.begin(2)]
    await pass(site, 5)
    expect([first.write(), second.write()]).toEqual([true, false])
    first[how] = true
    await pass(site, 25)
    expect(second.write()).toBe(true)
    first[how] = false
    expect(first.write()).toBe(false)
    await pass(site, 3)
    expect(first.lease.first?.host).toBe('host-2')
    expect([first.write(), second.write()]).toEqual([false, true])
    second.halted = true
    await pass(site, 25)
    expect(first.write()).toBe(true)
    expect(site.blind).toEqual([])
  })

  it('reads again where the store tells that another one has written, though its own clock stood still', async () => {
    const site = new Site()
    const first = await site.begin(1)
    const reads = first.reads
    first.lease.lapse('its numbers are another collector’s')
    expect(first.write()).toBe(false)
    await pass(site, 2)
    expect(first.reads).toBe(reads + 1)
    expect(first.write()).toBe(true)
  })

  it('a short failure of the store changes nothing', async () => {
    const site = new Site()
    const first = await site.begin(1)
    const reads = first.reads
    first.cut = true
    await pass(site, 10)
    first.cut = false
    expect(first.write()).toBe(true)
    expect(first.reads).toBe(reads)
  })

  it('never writes without knowing what is stored, whoever is cut off or halted when, and somebody serves at the end', async () => {
    const event = fc.record({
      who: fc.integer({ min: 0, max: 2 }),
      what: fc.constantFrom('cut', 'halted', 'back'),
      beats: fc.integer({ min: 1, max: 30 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (events) => {
        const site = new Site()
        for (const n of [1, 2, 3]) await site.begin(n)
        for (const { who, what, beats } of events) {
          const collector = site.collectors[who] as Collector
          if (what === 'back') collector.cut = collector.halted = false
          else collector[what] = true
          await pass(site, beats)
        }
        for (const collector of site.collectors) collector.cut = collector.halted = false
        await pass(site, 60)
        expect(site.blind).toEqual([])
        expect(site.collectors.filter((collector) => collector.write())).toHaveLength(1)
      }),
      { numRuns: 60 },
    )
  })
})
