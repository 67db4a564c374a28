import { beforeEach, describe, expect, it } from 'vitest'
import { StoreLease } from '../../../collector/ingest/store-lease.ts'
import type { Lease, LeaseStore } from '../../../collector/plugin/lease-store.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import type { Program } from '../../../protocol/program.ts'

const program = (n: number): Program => ({
  instance: `0000000${n}`,
  startedAtMs: n,
  host: `host-${n}`,
  addresses: [],
})

describe('collectors of one store', () => {
  let rows: Map<string, Lease>
  let store: LeaseStore
  let told: Record<number, (string | undefined)[]>
  let others: string[]
  let nowMs: number

  beforeEach(() => {
    nowMs = 0
    rows = new Map()
    told = {}
    others = []
    store = {
      async writeLease(lease) {
        rows.set(lease.program.instance, lease)
      },
      async removeLease(instance) {
        rows.delete(instance)
      },
      leases: async () => [...rows.values()],
    }
  })
  const lease = (n: number, over: Partial<LeaseStore> = {}) => {
    const firsts: (string | undefined)[] = []
    told[n] = firsts
    const made = new StoreLease({
      store: { ...store, ...over },
      program: program(n),
      log: SILENT,
      beatMs: 20,
      steadyMs: () => nowMs,
    })
    made.listen({
      onOther: (other) => others.push(`${n} sees ${other.host}`),
      onFirst: (first) => firsts.push(first?.host),
    })
    return made
  }

  it('the later one stands by while the earlier one’s beat rises, and both know of each other', async () => {
    const [first, second] = [lease(1), lease(2)]
    for (let i = 0; i < 3; i++) for (const one of [first, second]) await one.look()
    expect(told).toEqual({ 1: [], 2: ['host-1'] })
    expect(new Set(others)).toEqual(new Set(['1 sees host-2', '2 sees host-1']))
    // the first ends: its row goes with it
    await first.stop()
    await second.look()
    expect(told[2]).toEqual(['host-1', undefined])
  })

  it('takes over where the first was killed, after its beat has stood still for long', async () => {
    const [first, second] = [lease(1), lease(2)]
    for (let i = 0; i < 3; i++) for (const one of [first, second]) await one.look()
    for (let i = 0; i < 30; i++) {
      nowMs += 20
      await second.look()
    }
    expect(told[2]).toEqual(['host-1', undefined])
  })

  it('a row that a killed collector left keeps nobody away', async () => {
    rows.set('00000001', { program: program(1), beat: 7 })
    const next = lease(2)
    await next.start()
    await next.stop()
    expect(told[2]).toEqual([])
  })

  it('a store that fails has no second collector, and nobody obtains it', async () => {
    const alone = lease(3, { writeLease: () => Promise.reject(new Error('away')) })
    await alone.start()
    await expect(alone.obtain()).rejects.toThrow('away')
    await alone.stop()
    expect(told[3]).toEqual([])
  })

  it('is obtained at once where nobody else is, and not while an earlier one runs', async () => {
    const first = lease(1)
    expect(await first.obtain()).toBeUndefined()
    const second = lease(2)
    expect(await second.obtain()).toMatchObject({ host: 'host-1' })
    const late: (string | undefined)[] = []
    second.listen({ onOther: () => undefined, onFirst: (other) => late.push(other?.host) })
    expect(late).toEqual(['host-1'])
    await first.stop()
    await second.look()
    expect(await second.obtain()).toBeUndefined()
    expect(late).toEqual(['host-1', undefined])
    await second.stop()
  })

  it('is obtained behind what a killed collector left, once that has shown no life', async () => {
    rows.set('00000001', { program: program(1), beat: 7 })
    const next = lease(2)
    expect(await next.obtain()).toBeUndefined()
    expect(await next.obtain()).toBeUndefined()
    await next.stop()
  })
})
