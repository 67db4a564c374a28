import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { STORES } from '../../../collector/stores/index.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'
import { T0 } from '../ledger-rig.ts'
import { NETWORK, PricedSite } from '../priced-site.ts'
import type { StartStoreRig, StoreRig } from './store-rig.ts'

describe.each(STORES)('in the $name store', ({ name, settings, open }) => {
  let rig: StoreRig
  const folders: string[] = []
  beforeAll(async () => {
    const path = `./${name}/${name}.rig.ts`
    const { default: start } = (await import(/* @vite-ignore */ path)) as { default: StartStoreRig }
    rig = await start()
  })
  afterAll(async () => {
    await rig.stop?.()
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
  })
  const site = async () => {
    const dataFolder = await mkdtemp(join(tmpdir(), 'perwatt-late-'))
    folders.push(dataFolder)
    const store = open(settings.parse(rig.settings(folders.length)), { dataFolder, log: SILENT })
    await store.open()
    return new PricedSite(NETWORK, store).start()
  }

  test('a price that comes late gives the same ledger as one that was there', async () => {
    const [late, early] = [await site(), await site()]
    const settled = (s: typeof late) =>
      s.store.ledger({ fromMs: T0, toMs: T0 + HOUR_MS, stepMs: MINUTE_MS, groupBy: 'workload' })
    for (const one of [late, early]) {
      for (const minute of [0, 1, 2]) await one.deliver(minute)
      one.rig.nowMs = T0 + HOUR_MS
    }
    await late.settleAll()
    expect(await late.store.unpriced(T0, T0 + HOUR_MS)).toEqual(
      [0, 1, 2].map((minute) => ({ minuteMs: T0 + minute * MINUTE_MS, missing: ['btcUsd'] })),
    )
    const [unpriced] = await settled(late)
    expect(unpriced).toMatchObject({ group: 'mining', revenueNanoUsd: 0, unpricedWorkDiff1: 1_000_000 })
    for (const one of [late, early]) {
      one.polls('btcUsd', 90_000)
      one.selector.push({ name: 'btcUsd', value: 8e4, by: 'desk', fromMs: T0 - HOUR_MS })
      one.selector.push({ name: 'btcUsd', value: 7e4, by: 'desk', fromMs: T0 - 2 * HOUR_MS })
      await one.settleAll()
    }
    expect(await settled(late)).toEqual(await settled(early))
    expect((await settled(late))[0]?.revenueNanoUsd).toBeGreaterThan(0)
    expect(await late.store.unpriced(T0, T0 + HOUR_MS)).toEqual([])
    for (const one of [late, early]) {
      await one.stop()
      await one.store.close()
    }
  })
})
