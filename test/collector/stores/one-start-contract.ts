import { beforeEach, expect, test } from 'vitest'
import { RecordWriter } from '../../../collector/intake/record-writer.ts'
import type { Store } from '../../../collector/plugin/store.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { DAY_MS, interval, MINUTE_MS } from './fixtures.ts'

const NOW_MS = DAY_MS + 60 * MINUTE_MS

/** What a store keeps of two records of one agent, device, owner and start that come under different numbers. */
export function oneStartContract(current: () => Store): void {
  let writer: RecordWriter
  const start = async () => {
    writer = new RecordWriter({
      store: current(),
      nowMs: () => NOW_MS,
      retentionMs: 400 * DAY_MS,
      log: SILENT,
      quarantine: () => undefined,
      onStored: () => undefined,
    })
    await writer.start()
  }
  beforeEach(start)
  const send = async (firstSeq: number, intervals: readonly Interval[]) => {
    const batch = { epoch: 7, life: 'a1', firstSeq, oldestSeq: 1, intervals: [...intervals] }
    const [answer] = await writer.takeAll([{ agentId: 'agent-a', batch }])
    return answer?.seq
  }
  const stored = async () => {
    const found = await current().intervals(0, 2 * DAY_MS)
    return found
      .map(({ startMs, durationMs, energyMilliJ = 0 }) => [startMs - DAY_MS, durationMs, energyMilliJ])
      .sort((a, b) => (a[0] as number) - (b[0] as number))
  }
  const at = (energyMilliJ: number, over: Partial<Interval> = {}) =>
    interval({ startMs: DAY_MS, durationMs: 60_000, coveredMs: 60_000, energyMilliJ, ...over })

  test('both count, in one batch, in two, and after the collector was started again', async () => {
    expect(await send(1, [at(210_000), at(60_000)])).toBe(2)
    expect(await send(3, [at(7_000)])).toBe(3)
    await start()
    expect(await send(4, [at(900)])).toBe(4)
    expect(await stored()).toEqual([
      [0, 60_000, 210_000],
      [1, 59_999, 60_000],
      [2, 59_998, 7_000],
      [3, 59_997, 900],
    ])
    expect(writer.losses).toEqual([])
  })

  test('come as they are stored where they come again, as after a database was put back', async () => {
    const all = [at(210_000), at(60_000)]
    await send(1, all)
    const before = await stored()
    await start()
    await writer.reset('agent-a', { by: 'test', reason: 'as a database does that lost its marks' })
    await send(1, all)
    await send(3, all)
    expect(await stored()).toEqual(before)
  })

  test('the second is counted as lost where no ms of their minute is left', async () => {
    const last = { startMs: DAY_MS + 59_999, durationMs: 1, coveredMs: 1 }
    expect(await send(1, [at(210, last)])).toBe(1)
    expect(await send(2, [at(60, last)])).toBe(2)
    expect(await stored()).toEqual([[59_999, 1, 210]])
    expect(writer.losses).toMatchObject([
      { agentId: 'agent-a', records: 1, fromMs: last.startMs, cause: expect.stringContaining('each ms') },
    ])
  })
}
