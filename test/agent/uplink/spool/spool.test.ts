import { readdirSync, readFileSync, readlinkSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Spool } from '../../../../agent/uplink/spool/spool.ts'
import { MINUTE_MS } from '../../../../protocol/units.ts'
import {
  asKilled,
  DAY_MS,
  drain,
  minuteOfRig,
  numbered,
  numbersOf,
  openSpool,
  remove,
  segmentsIn,
  T0,
  tempFolder,
} from './fixtures.ts'

let folder: string
const folders: string[] = []
beforeEach(() => {
  folder = tempFolder()
  folders.push(folder)
})
afterEach(() => {
  for (const used of folders.splice(0)) remove(used)
})
/** Ends the life of a spool as a kill does; its files are in another folder then. */
async function kill(spool: Spool): Promise<void> {
  const left = asKilled(folder)
  folders.push(left)
  await spool.close()
  folder = left
}
const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i)
const all = async (spool: Spool) => (await drain(spool)).flatMap((b) => numbersOf(b.intervals))

describe('the spool', () => {
  it('gives back in order what was put in, under the same numbers, in this run and in the next life', async () => {
    const spool = await openSpool(folder)
    for (const first of [1, 701, 1401]) {
      spool.append(numbered(first, 700))
      await spool.commit()
    }
    expect(await spool.read(1, 500)).toMatchObject({ firstSeq: 1, oldestSeq: 1 })
    expect(numbersOf((await spool.read(690, 500))?.intervals ?? [])).toEqual(upTo(1189, 690))
    spool.trim(1000)
    await spool.close()
    const next = await openSpool(folder)
    expect([next.oldestSeq, next.nextSeq]).toEqual([1001, 2101])
    expect(next.epoch).toBeGreaterThan(spool.epoch)
    expect((await next.read(1, 1))?.after).toEqual([{ epoch: spool.epoch, life: spool.life, seq: 2100 }])
    expect(await all(next)).toEqual(upTo(2100, 1001))
    await next.close()
  })

  it('has no file open after its end, also where something is committed while it ends, or later', async () => {
    const openFiles = () =>
      readdirSync('/proc/self/fd').flatMap((fd) => {
        try {
          const file = readlinkSync(`/proc/self/fd/${fd}`)
          return file.startsWith(folder) ? [file] : []
        } catch {
          return []
        }
      })
    const spool = await openSpool(folder)
    spool.append(numbered(1, 700))
    await spool.commit()
    expect(openFiles()).toHaveLength(3)
    spool.append(numbered(701, 700))
    await Promise.all([spool.close(), spool.commit()])
    spool.append(numbered(1401, 700))
    await spool.commit()
    expect(openFiles()).toEqual([])
  })

  it('sends only what is on disk', async () => {
    const spool = await openSpool(folder)
    spool.append(numbered(1, 3))
    expect(await spool.read(1, 10)).toBeUndefined()
    await spool.commit()
    expect((await spool.read(1, 10))?.intervals).toHaveLength(3)
    await spool.close()
  })

  it('keeps its numbers when everything was acknowledged and it begins again', async () => {
    const spool = await openSpool(folder)
    spool.append(numbered(1, 10))
    await spool.commit()
    spool.trim(10)
    await spool.close()
    const next = await openSpool(folder)
    expect([next.nextSeq, next.state().records]).toEqual([11, 0])
    await next.close()
  })

  it('keeps the caller’s state with the records, as one step', async () => {
    const spool = await openSpool(folder)
    spool.append(numbered(1, 2))
    await spool.commit({ open: 'minute 3' })
    await spool.close()
    const next = await openSpool(folder)
    expect(next.lastCommitted).toEqual({ open: 'minute 3' })
    await next.close()
  })

  it('brings records back that the checkpoint had and no segment did', async () => {
    const spool = await openSpool(folder)
    spool.append(numbered(1, 5))
    await spool.commit({})
    spool.append(numbered(6, 5))
    await spool.commit({})
    await kill(spool)
    const [segment = ''] = segmentsIn(folder)
    // as a power cut after the checkpoint was written, and before the segment was
    truncateSync(segment, statSync(segment).size - 10)
    const next = await openSpool(folder)
    await next.commit()
    expect(await all(next)).toEqual([...upTo(5), ...upTo(10, 6)])
    await next.close()
  })

  it('drops the oldest at its bound in bytes, counts them, and tells of it where they were', async () => {
    const spool = await openSpool(folder, { maxBytes: 2 ** 15 })
    for (let first = 1; first < 20_000; first += 200) {
      spool.append(numbered(first, 200))
      await spool.commit()
    }
    const { bytes, lost, lostFromMs, lostToMs, records } = spool.state()
    expect(bytes).toBeLessThanOrEqual(2 ** 15)
    expect(lost).toBeGreaterThan(0)
    expect(lost + records).toBe(20_000)
    const batch = await spool.read(1, 500)
    expect(batch).toMatchObject({ firstSeq: lost + 1, oldestSeq: lost + 1 })
    expect(batch?.gaps?.reduce((sum, g) => sum + g.records, 0)).toBe(lost)
    expect([lostFromMs, lostToMs]).toEqual([T0, batch?.intervals[0]?.startMs])
    // the same batch, sent again, tells the same; the next one nothing
    expect(await spool.read(1, 500)).toEqual(batch)
    expect((await spool.read(lost + 501, 500))?.gaps).toBeUndefined()
    await spool.close()
    const next = await openSpool(folder)
    expect(next.state().lost).toBe(lost)
    expect((await next.read(1, 500))?.gaps).toEqual(batch?.gaps)
    next.trim(lost + 500)
    expect((await next.read(1, 500))?.gaps).toBeUndefined()
    await next.close()
  })

  it('does not count as lost what arrived although it was dropped meanwhile', async () => {
    const spool = await openSpool(folder, { maxBytes: 2 ** 15 })
    for (let first = 1; first < 20_000; first += 200) {
      spool.append(numbered(first, 200))
      await spool.commit()
    }
    const { lost } = spool.state()
    spool.trim(lost - 100)
    expect(spool.state().lost).toBe(100)
    expect((await spool.read(1, 500))?.gaps?.map((g) => g.records)).toEqual([100])
    await spool.close()
  })

  it('drops what is too old, a segment at a time, so that a clock that leaps does not empty it', async () => {
    let nowMs = T0
    const spool = await openSpool(folder, { nowMs: () => nowMs, maxAgeMs: DAY_MS })
    for (let hour = 0; hour < 48; hour++) {
      nowMs = T0 + hour * 3_600_000
      spool.append([{ ...numbered(hour, 1)[0]!, startMs: nowMs }])
      await spool.commit()
    }
    expect(spool.state().oldestMs).toBeGreaterThanOrEqual(nowMs - DAY_MS - 3_600_000)
    const before = spool.state().records
    nowMs += 400 * DAY_MS
    await spool.commit()
    await spool.commit()
    expect(spool.state().records).toBe(before - 1)
    await spool.close()
  })

  it('tells the age of the oldest record that is not acknowledged, also where its segment began long before', async () => {
    let spool = await openSpool(folder)
    const startOf = (n: number) => T0 + Math.floor(n / 50) * MINUTE_MS
    const told = () => spool.state().oldestMs
    expect(told()).toBeUndefined()
    for (let first = 0; first < 1000; first += 100) {
      spool.append(numbered(first, 100))
      await spool.commit()
    }
    expect(told()).toBe(startOf(0))
    spool.trim(730)
    await spool.commit()
    expect(told()).toBe(startOf(730))
    await spool.close()
    spool = await openSpool(folder)
    expect(told()).toBe(startOf(730))
    spool.trim(1000)
    await spool.commit()
    expect(told()).toBeUndefined()
    spool.append(numbered(1200, 50))
    expect(told()).toBe(startOf(1200))
    await spool.close()
  })

  it('deletes the segments that are wholly acknowledged', async () => {
    const spool = await openSpool(folder, { maxBytes: 2 ** 20 })
    for (let first = 1; first < 20_000; first += 500) {
      spool.append(numbered(first, 500))
      await spool.commit()
    }
    expect(segmentsIn(folder).length).toBeGreaterThan(3)
    spool.trim(20_000)
    await spool.commit()
    expect(segmentsIn(folder)).toHaveLength(1)
    await spool.close()
  })

  it('opens at every byte that a stop may have left of its last segment, with all that was whole', async () => {
    const spool = await openSpool(folder)
    const ends: number[] = []
    for (const first of [1, 4, 7, 10]) {
      spool.append(numbered(first, 3))
      await spool.commit()
      ends.push(statSync(segmentsIn(folder)[0]!).size)
    }
    await kill(spool)
    const [segment = ''] = segmentsIn(folder)
    const bytes = readFileSync(segment)
    const checkpoints = ['checkpoint.a', 'checkpoint.b'].map((name) => join(folder, name))
    const kept = checkpoints.map((file) => readFileSync(file))
    for (let size = 0; size <= bytes.length; size++) {
      for (const later of segmentsIn(folder)) remove(later)
      writeFileSync(segment, bytes.subarray(0, size))
      for (const [i, file] of checkpoints.entries()) writeFileSync(file, kept[i]!)
      const next = await openSpool(folder)
      next.append(numbered(100, 1))
      await next.commit()
      const whole = ends.filter((end) => end <= size).length * 3
      const numbers = await all(next)
      // the checkpoint has the last batch besides: it was written first
      expect(numbers).toEqual([...upTo(whole), ...(whole < 12 ? upTo(12, 10) : []), 100])
      await next.close()
    }
  })

  it('opens at every byte that a stop may have left of its checkpoint', async () => {
    const spool = await openSpool(folder)
    spool.append(numbered(1, 10))
    await spool.commit({ n: 1 })
    spool.trim(4)
    await spool.commit({ n: 2 })
    await spool.close()
    // behind what was written there is only the room that it reserves
    const written = (name: string) => readFileSync(join(folder, name)).findLastIndex((byte) => byte !== 0) + 1
    for (const name of ['checkpoint.a', 'checkpoint.b'])
      for (let size = 0; size <= written(name); size++) {
        const left = asKilled(folder)
        folders.push(left)
        truncateSync(join(left, name), size)
        const next = await openSpool(left)
        const first = next.oldestSeq
        expect([1, 5]).toContain(first)
        expect(await all(next)).toEqual(upTo(10, first))
        await next.close()
      }
  })

  it('loses no more than the frames that are damaged, wherever they are, and says how many (property)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 8 }),
        fc.array(
          fc.record({ at: fc.nat(), value: fc.nat({ max: 255 }), length: fc.integer({ min: 1, max: 40 }) }),
          {
            maxLength: 3,
          },
        ),
        async (sizes, damages) => {
          folder = tempFolder()
          folders.push(folder)
          const spool = await openSpool(folder)
          const frames: { from: number; to: number; numbers: number[] }[] = []
          let [first, end] = [1, 0]
          for (const n of sizes) {
            spool.append(numbered(first, n))
            await spool.commit()
            const size = statSync(segmentsIn(folder)[0]!).size
            frames.push({ from: end, to: size, numbers: upTo(first + n - 1, first) })
            end = size
            first += n
          }
          await kill(spool)
          const [segment = ''] = segmentsIn(folder)
          const bytes = readFileSync(segment)
          const original = Buffer.from(bytes)
          for (const d of damages)
            bytes.fill(d.value, d.at % bytes.length, Math.min(bytes.length, (d.at % bytes.length) + d.length))
          writeFileSync(segment, bytes)
          const sound = frames
            .filter((f) => bytes.subarray(f.from, f.to).equals(original.subarray(f.from, f.to)))
            .flatMap((f) => f.numbers)
          const last = frames.at(-1)?.numbers ?? []
          // the last batch is in the checkpoint too, for where it is torn
          const expected = [...new Set([...sound, ...last])]
          const next = await openSpool(folder)
          await next.commit()
          const batches = await drain(next)
          expect(batches.flatMap((b) => numbersOf(b.intervals))).toEqual(expected)
          const told = batches.flatMap((b) => b.gaps ?? []).reduce((sum, g) => sum + g.records, 0)
          expect([told, next.state().lost]).toEqual([
            first - 1 - expected.length,
            first - 1 - expected.length,
          ])
          expect(next.nextSeq).toBe(first)
          await next.close()
        },
      ),
      { numRuns: 40 },
    )
  })

  it('opens with one wrong bit anywhere in a segment or checkpoint: what is lost by it is counted, and nothing else is', async () => {
    const spool = await openSpool(folder)
    for (const first of [1, 4, 7]) {
      spool.append(numbered(first, 3))
      await spool.commit({ n: first })
    }
    // the last checkpoint holds no record: what a segment loses now is lost
    for (let n = 0; n < 2; n++) await spool.commit({ n })
    const left = asKilled(folder)
    folders.push(left)
    await spool.close()
    const names = [...segmentsIn(left).map((file) => basename(file)), 'checkpoint.a', 'checkpoint.b']
    for (const name of names) {
      const whole = readFileSync(join(left, name))
      // behind what was written there is only the room that it reserves
      const end = whole.findLastIndex((byte) => byte !== 0) + 1
      // each byte of a head, and of what follows a few
      for (let at = 0; at < end; at += at < 40 ? 1 : 7) {
        const copy = asKilled(left)
        whole.writeUInt8(whole.readUInt8(at) ^ (1 << (at % 8)), at)
        writeFileSync(join(copy, name), whole)
        whole.writeUInt8(whole.readUInt8(at) ^ (1 << (at % 8)), at)
        const next = await openSpool(copy)
        next.append(numbered(100, 1))
        await next.commit()
        const batches = await drain(next)
        const found = batches.flatMap((b) => numbersOf(b.intervals))
        const told = batches.flatMap((b) => b.gaps ?? []).reduce((sum, g) => sum + g.records, 0)
        expect([name, at, found.length + told, found.at(-1), next.state().lost]).toEqual([
          name,
          at,
          10,
          100,
          told,
        ])
        if (name.startsWith('checkpoint')) expect(told).toBe(0)
        await next.close()
        remove(copy)
      }
    }
  })

  it('does not delete records for their age by a damaged time', async () => {
    const spool = await openSpool(folder, { maxBytes: 64 * 400 })
    for (let i = 0; i < 4; i++) {
      spool.append(numbered(1 + 20 * i, 20))
      await spool.commit()
    }
    await spool.close()
    const segments = segmentsIn(folder)
    expect(segments.length).toBeGreaterThan(2)
    const second = readFileSync(segments[1]!)
    // its oldest record is of 1970
    writeFileSync(segments[1]!, second.fill(0, 20, 28))
    const next = await openSpool(folder, { nowMs: () => T0 + DAY_MS })
    await next.commit()
    expect(segmentsIn(folder)).toContain(segments[0])
    await next.close()
  })

  it('goes past damage only when what lies before it has arrived', async () => {
    const spool = await openSpool(folder)
    for (const first of [1, 4, 7]) {
      spool.append(numbered(first, 3))
      await spool.commit()
    }
    await spool.close()
    const [segment = ''] = segmentsIn(folder)
    const bytes = readFileSync(segment)
    const second = bytes.indexOf(bytes.subarray(0, 4), 4)
    writeFileSync(segment, bytes.fill(0, second + 50, second + 60))
    const next = await openSpool(folder)
    expect(numbersOf((await next.read(1, 500))?.intervals ?? [])).toEqual([1, 2, 3])
    expect(await next.read(4, 500)).toBeUndefined()
    next.trim(3)
    expect(await next.read(4, 500)).toMatchObject({ firstSeq: 7, oldestSeq: 7, gaps: [{ records: 3 }] })
    await next.close()
  })

  it('takes 7 days of 500 devices in 1 GiB, by what 20 minutes of them take', async () => {
    const spool = await openSpool(folder)
    for (let m = 0; m < 20; m++)
      // polled once a minute, so that few close at once, which is the dearest
      for (let d = 0; d < 500; d += 8) {
        spool.append(Array.from({ length: Math.min(8, 500 - d) }, (_, i) => minuteOfRig(d + i, m)))
        await spool.commit()
      }
    const { bytes = 0, records } = spool.state()
    expect(records).toBe(10_000)
    expect((bytes / records) * 7 * 1440 * 500).toBeLessThan(2 ** 30)
    await spool.close()
  })
})
