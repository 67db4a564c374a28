import { expect, it } from 'vitest'
import type { Store } from '../../../collector/plugin/store.ts'
import { STORE_CALLS } from '../../../collector/plugin/store-calls.ts'
import { gated, standsBy } from '../../../collector/store-keeping/store-gate.ts'
import { createDuckdbStore } from '../../../collector/stores/duckdb/duckdb.ts'
import { createInfluxStore } from '../../../collector/stores/influx/influx.ts'
import { SILENT } from '../../../protocol/kit/log.ts'

/** A store that only notes which of its calls come. */
function noting(): { store: Store; calls: string[] } {
  const calls: string[] = []
  const entries = Object.keys(STORE_CALLS).map((name) => [
    name,
    async () => {
      calls.push(name)
    },
  ])
  return { store: { ...Object.fromEntries(entries), name: 'noting' } as Store, calls }
}
const callsOf = (what: 'reads' | 'writes' | 'manages') =>
  Object.entries(STORE_CALLS).flatMap(([name, does]) => (does === what ? [name as 'settle'] : []))
const call = (store: Store, name: 'settle') => store[name]([], [])

it('a collector that stands by writes nothing into the store, whichever of its parts asks, and reads all', async () => {
  const { store, calls } = noting()
  let first: string | undefined = 'host-1 (10.0.4.1)'
  const gate = gated(store, () => (first === undefined ? undefined : standsBy('noting', first)))
  for (const name of callsOf('writes'))
    await expect(call(gate, name)).rejects.toMatchObject({
      code: 'store-standing-by',
      message: expect.stringMatching(
        /^noting: another collector uses the database, host-1 .*stop one of the two/,
      ),
    })
  expect(calls).toEqual([])
  const others = [...callsOf('reads'), ...callsOf('manages')]
  for (const name of others) await call(gate, name)
  expect(calls).toEqual(others)
  first = undefined
  for (const name of callsOf('writes')) await call(gate, name)
  expect(calls).toEqual([...others, ...callsOf('writes')])
})

it('every call that a store has is known as reading, writing or neither', () => {
  const stores = [
    createDuckdbStore({ path: '/nowhere/ledger.duckdb', memoryLimitMb: 64, log: SILENT }),
    createInfluxStore({ url: 'http://127.0.0.1:1', database: 'nowhere', log: SILENT }),
  ]
  const calls = stores.flatMap((store) =>
    Object.entries(store).flatMap(([name, value]) => (typeof value === 'function' ? [name] : [])),
  )
  expect(calls.length).toBeGreaterThan(80)
  expect(calls.filter((name) => !Object.hasOwn(STORE_CALLS, name))).toEqual([])
})
