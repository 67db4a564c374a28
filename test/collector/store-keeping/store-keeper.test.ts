import { expect, it } from 'vitest'
import { Steps } from '../../../collector/store-keeping/steps.ts'
import { standsBy } from '../../../collector/store-keeping/store-gate.ts'
import { StoreKeeper } from '../../../collector/store-keeping/store-keeper.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { createLog, SILENT } from '../../../protocol/kit/log.ts'
import { eventually } from '../../eventually.ts'
import { MemoryStore } from '../memory-store.ts'

/** A store that does not open, or does not write, while there is a fault. */
class Failing extends MemoryStore {
  opens = 0
  opening: Error | undefined
  override async open() {
    this.opens++
    if (this.opening) throw this.opening
  }
}
const away = (code = 'store-unavailable') => new PerwattError(code, 'memory: it is away; bring it back')
const keeperOf = (store: MemoryStore, more: Partial<ConstructorParameters<typeof StoreKeeper>[0]> = {}) =>
  new StoreKeeper({
    store,
    nowMs: () => 1_000,
    log: SILENT,
    wait: () => new Promise((resolve) => setImmediate(() => resolve(true))),
    ...more,
  })

it('tries a store that is away until it comes, and says since when, why and what to do', async () => {
  const store = new Failing()
  store.opening = away()
  const keeper = keeperOf(store)
  let began = 0
  await keeper.open(async () => {
    began++
  })
  await eventually(
    () => store.opens,
    (opens) => opens > 3,
  )
  expect([began, keeper.health]).toEqual([
    0,
    {
      away: { sinceMs: 1_000, fails: 'opening', reason: 'memory: it is away', cure: 'bring it back' },
      warnings: [],
    },
  ])
  store.opening = undefined
  await eventually(
    () => keeper.health.away,
    (seen) => seen === undefined,
  )
  expect(began).toBe(1)
  await keeper.stop()
})

it('ends the start where no attempt can succeed', async () => {
  const store = new Failing()
  store.opening = away('store-newer')
  await expect(keeperOf(store).open(async () => {})).rejects.toMatchObject({ code: 'store-newer' })
})

it('does not wait for a store that hangs, and stops while it does', async () => {
  const store = new Failing()
  let come = () => {}
  store.open = () =>
    new Promise((resolve) => {
      come = resolve
    })
  const keeper = keeperOf(store, { firstWaitMs: 1 })
  let began = 0
  await keeper.open(async () => {
    began++
  })
  expect(keeper.health.away).toMatchObject({ fails: 'opening' })
  const stopped = keeper.stop()
  come()
  await stopped
  expect(began).toBe(0)
})

it('does not repeat what was done where the store goes away in the middle of the begin', async () => {
  const store = new Failing()
  const done: string[] = []
  let fails = 2
  const steps = new Steps([
    () => done.push('first'),
    async () => {
      if (fails-- > 0) throw away()
      done.push('second')
    },
    () => done.push('third'),
  ])
  const keeper = keeperOf(store)
  await keeper.open(() => steps.run())
  await eventually(
    () => done.length,
    (n) => n === 3,
  )
  expect(done).toEqual(['first', 'second', 'third'])
  await keeper.stop()
})

it('tells writing from reading: a full disk still reads', async () => {
  const store = new Failing()
  const keeper = keeperOf(store)
  await keeper.open(async () => {})
  store.failure = new PerwattError('store-unavailable', 'memory: its disk is full; make room')
  await expect(keeper.store.append('a', { epoch: 1, seq: 1 }, [])).rejects.toThrow('full')
  await keeper.store.highWaters()
  expect(keeper.health.away).toMatchObject({
    fails: 'writing',
    reason: 'memory: its disk is full',
    cure: 'make room',
  })
  store.failure = undefined
  await keeper.store.append('a', { epoch: 1, seq: 1 }, [])
  expect(keeper.health.away).toBeUndefined()
})

it('a store that refuses a record is not away', async () => {
  const store = new Failing()
  const keeper = keeperOf(store)
  await keeper.open(async () => {})
  store.failure = new PerwattError(
    'store-refused',
    'memory: a record is refused; sending it again won’t help',
  )
  await expect(keeper.store.append('a', { epoch: 1, seq: 1 }, [])).rejects.toThrow('refused')
  expect(keeper.health.away).toBeUndefined()
})

it('standing by for another collector is no trouble of the store, and it begins at once when its turn comes', async () => {
  const store = new Failing()
  const lines: string[] = []
  let first: string | undefined = 'host-1'
  const shut = () => (first === undefined ? undefined : standsBy('memory', first))
  const keeper = keeperOf(store, {
    shut,
    log: createLog({ write: (line) => lines.push(JSON.parse(line).event) }),
    // only a hurry ends the wait
    wait: (_ms, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(false), { once: true })),
  })
  let began = 0
  await keeper.open(async () => {
    const why = shut()
    if (why) throw why
    began++
  })
  expect(keeper.trouble(new Set(['open', 'writeQuotes']))).toBeUndefined()
  expect(keeper.health.away?.reason).toContain('another collector uses the database, host-1')
  await expect(keeper.store.writeQuotes([])).rejects.toMatchObject({ code: 'store-standing-by' })
  expect(await keeper.store.quotes()).toEqual([])
  expect(lines).toEqual([])
  first = undefined
  keeper.hurry()
  await eventually(
    () => began,
    (n) => n === 1,
  )
  expect(keeper.health.away).toBeUndefined()
  expect(store.opens).toBe(2)
})
