import { afterAll, beforeAll, bench, describe } from 'vitest'
import type { Spool } from '../../agent/uplink/spool/spool.ts'
import { encode } from '../../protocol/codec.ts'
import { encodeIntervals, type Interval } from '../../protocol/interval.ts'
import { minuteOfRig, openSpool, remove, tempFolder } from '../agent/uplink/spool/fixtures.ts'

/** An agent of 500 miners: a minute of it is 500 records, which close within the 10 s of a poll round. */
const DEVICES = 500
const minute = (m: number): Interval[] => Array.from({ length: DEVICES }, (_, d) => minuteOfRig(d, m))

const folders: string[] = []
const open = async () => {
  const folder = tempFolder()
  folders.push(folder)
  return openSpool(folder)
}
let writing: Spool
let left: Spool
let m = 0
beforeAll(async () => {
  writing = await open()
  left = await open()
  for (let i = 0; i < 60; i++)
    for (let part = 0; part < 10; part++) {
      left.append(minute(i).slice(50 * part, 50 * part + 50))
      await left.commit()
    }
})
afterAll(async () => {
  await Promise.all([writing.close(), left.close()])
  for (const folder of folders) remove(folder)
})

describe('a minute of 500 devices', () => {
  bench('as messages, without a spool', () => {
    encode(encodeIntervals({ epoch: 1, firstSeq: 1, oldestSeq: 1, intervals: minute(m++) }, 0))
  })
  bench('into the spool, in one commit', async () => {
    writing.append(minute(m++))
    await writing.commit()
  })
  bench('into the spool, in ten commits', async () => {
    const records = minute(m++)
    for (let i = 0; i < records.length; i += 50) {
      writing.append(records.slice(i, i + 50))
      await writing.commit()
    }
  })
})

describe('an hour of 500 devices out of the spool', () => {
  /** reads without acknowledging: the same hour every time */
  const readAll = async (each: (spool: Spool, seq: number) => Promise<number>) => {
    for (let seq = 1; seq < left.nextSeq; ) seq = await each(left, seq)
  }
  bench('read', () =>
    readAll(async (spool, seq) => {
      const batch = await spool.read(seq, 500)
      return seq + (batch?.intervals.length ?? Number.POSITIVE_INFINITY)
    }),
  )
  bench('read and made into messages', () =>
    readAll(async (spool, seq) => {
      const batch = await spool.read(seq, 500)
      if (!batch) return Number.POSITIVE_INFINITY
      encode(encodeIntervals(batch, 0))
      return seq + batch.intervals.length
    }),
  )
})
