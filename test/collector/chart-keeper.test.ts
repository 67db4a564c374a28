import { expect, it } from 'vitest'
import { ChartKeeper } from '../../collector/composition/chart-keeper.ts'
import type { Context } from '../../collector/composition/context.ts'
import { SiteState } from '../../collector/live/state.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import { MemoryStore } from './memory-store.ts'

it('deletes old samples, but none by a clock that others contradict', async () => {
  const store = new MemoryStore()
  const before: number[] = []
  Object.assign(store, { prune: async (samplesBeforeMs: number) => void before.push(samplesBeforeMs) })
  const clocks = { mayDelete: false }
  const context = { nowMs: () => 5_000, config: { ledger: { sampleRetention: 2_000 } }, log: SILENT, clocks }
  const keeper = new ChartKeeper(context as unknown as Context, new SiteState(), store)
  keeper.keep()
  await keeper.stop()
  expect(before).toEqual([])
  clocks.mayDelete = true
  keeper.keep()
  await keeper.stop()
  expect(before).toEqual([3_000])
})
