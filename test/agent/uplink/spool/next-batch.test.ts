import { expect, it } from 'vitest'
import type { MemoryMode } from '../../../../agent/uplink/spool/memory-mode.ts'
import { nextBatch } from '../../../../agent/uplink/spool/next-batch.ts'
import { Numbering } from '../../../../agent/uplink/spool/numbering.ts'
import type { SegmentReader } from '../../../../agent/uplink/spool/reader.ts'
import type { Interval } from '../../../../protocol/interval.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'

const record = (n: number): Interval => ({
  deviceId: 'm1',
  owner: {},
  startMs: n * 60_000,
  durationMs: 60_000,
  coveredMs: 60_000,
})

it('records that are acknowledged and deleted while the disk is read are not counted as lost', async () => {
  const numbering = new Numbering({ maxTailRecords: 100, nowMs: () => 1, log: SILENT })
  numbering.append(Array.from({ length: 10 }, (_, i) => record(i + 1)))
  // the first six are in a segment, the rest in the tail
  numbering.dropTailBefore(7)
  const reads: number[] = []
  const reader = {
    async find(seq: number) {
      reads.push(seq)
      // the acknowledgement arrives, and the commit after it deletes the segment
      numbering.acknowledge(6)
      return undefined
    },
  } as unknown as SegmentReader
  const memory = {
    lifeIsKnown: true,
    maySend: () => true,
    sendable: () => numbering.tail,
  } as unknown as MemoryMode
  const batch = await nextBatch({ numbering, memory, reader: () => reader }, 1, 100)
  expect(reads).toEqual([1])
  expect(batch).toMatchObject({ firstSeq: 7, oldestSeq: 7 })
  expect(batch?.intervals).toHaveLength(4)
  expect(numbering.losses.countFrom(1)).toBe(0)
  expect(batch?.gaps).toBeUndefined()
})
