import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '../../../../protocol/kit/log.ts'
import type { SpoolStatus } from '../../../../protocol/status.ts'
import { eventually } from '../../../eventually.ts'
import { asKilled, drain, numbered, numbersOf, openSpool, remove, tempFolder } from './fixtures.ts'

/** Appends records without end, and says after each commit how many are safe. */
const WRITER = `
import { writeSync } from 'node:fs'
import { numbered, openSpool } from './fixtures.ts'
const spool = await openSpool(process.argv[2])
for (let next = spool.nextSeq; ; next += 20) {
  spool.append(numbered(next, 20))
  await spool.commit({ next })
  writeSync(1, (next + 19) + ' ' + spool.state().disk + '\\n')
}
`

let programs: string
let folder: string
const children: ChildProcess[] = []
beforeAll(async () => {
  programs = tempFolder()
  await build({
    stdin: { contents: WRITER, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: join(programs, 'writer.mjs'),
    logLevel: 'error',
  })
})
afterAll(() => remove(programs))
beforeEach(() => {
  folder = tempFolder()
})
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  remove(folder)
})
const numbersUpTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

describe('a spool whose process is killed', () => {
  it('has everything that was committed, and nothing twice, after kills at any moment', async () => {
    let safe = 0
    for (const commits of [1, 3, 17, 40]) {
      const child = spawn(process.execPath, [join(programs, 'writer.mjs'), folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      children.push(child)
      const ended = once(child, 'exit')
      let left = commits
      for await (const line of createInterface({ input: child.stdout })) {
        safe = Number(line.split(' ')[0])
        if (--left === 0) child.kill('SIGKILL')
      }
      await ended
      const spool = await openSpool(folder)
      await spool.commit(spool.lastCommitted)
      expect(spool.nextSeq).toBeGreaterThan(safe)
      // what the checkpoint says is never older than the records, and at most one commit newer
      expect((spool.lastCommitted as { next: number }).next + 20).toBe(spool.nextSeq)
      await spool.close()
    }
    const spool = await openSpool(folder)
    expect((await drain(spool)).flatMap((b) => numbersOf(b.intervals))).toEqual(
      numbersUpTo(spool.nextSeq - 1),
    )
    expect(spool.state().lost).toBe(0)
    await spool.close()
  })
})

/** A file system of its own, as only root may mount one. */
const mountable = (() => {
  const probe = tempFolder()
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe], { stdio: 'ignore' })
    execFileSync('/bin/umount', [probe], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    remove(probe)
  }
})()

describe.runIf(mountable)('a spool on a sick disk (a small tmpfs; only where the test may mount one)', () => {
  let disk: string
  let nowMs: number
  let lines: string[]
  const events = () => lines.map((line) => JSON.parse(line).event as string)
  const open = () =>
    openSpool(join(disk, 'spool'), {
      nowMs: () => nowMs,
      log: createLog({ write: (line) => lines.push(line) }),
    })
  const remount = (options: string) => execFileSync('/bin/mount', ['-o', `remount,${options}`, disk])
  const stateOf = (status: SpoolStatus) => [status.disk, status.records, status.lost]

  beforeEach(() => {
    disk = join(folder, 'disk')
    mkdirSync(disk)
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk])
    nowMs = 1
    lines = []
  })
  afterEach(() => execFileSync('/bin/umount', ['-l', disk]))

  it('goes on in memory when the disk is full, says so once, and is on disk again when there is room', async () => {
    const spool = await open()
    spool.append(numbered(1, 100))
    await spool.commit({ open: 1 })
    const { epoch } = spool
    fill()
    for (let first = 101; first <= 5001; first += 100) {
      spool.append(numbered(first, 100))
      await spool.commit({ open: first })
    }
    expect(stateOf(spool.state())).toEqual(['full', 5100, 0])
    // what is sent from memory has numbers that the disk never learns, so they are another epoch's
    expect(spool.epoch).toBe(epoch + 1)
    expect((await drain(spool)).flatMap((b) => numbersOf(b.intervals))).toEqual(numbersUpTo(5100))
    rmSync(join(disk, 'filler'))
    spool.append(numbered(5101, 100))
    nowMs += 10_000
    await spool.commit({ open: 2 })
    expect(stateOf(spool.state())).toEqual(['ok', 100, 0])
    await spool.close()
    const next = await open()
    expect([next.epoch > epoch + 1, next.oldestSeq, next.lastCommitted]).toEqual([true, 5101, { open: 2 }])
    expect((await drain(next)).flatMap((b) => numbersOf(b.intervals))).toEqual(numbersOf(numbered(5101, 100)))
    await next.close()
    expect(events()).toEqual(['the spool can’t be written; going on in memory', 'the spool is on disk again'])
  })

  it('keeps records in its checkpoint, whose room is reserved, while a full disk takes no more, through a kill too', async () => {
    const spool = await open()
    spool.append(numbered(1, 100))
    await spool.commit({ open: 1 })
    const { epoch } = spool
    fill()
    for (let first = 101; first < 2000; first += 100) {
      spool.append(numbered(first, 100))
      await spool.commit({ open: first })
    }
    expect(stateOf(spool.state())).toEqual(['full', 2000, 0])
    const sent = await spool.read(1, 250)
    expect(numbersOf(sent?.intervals ?? [])).toEqual(numbersUpTo(250))
    spool.trim(250)
    await spool.commit({ open: 2000 })
    const left = asKilled(join(disk, 'spool'))
    await spool.close()
    const next = await openSpool(left, { nowMs: () => nowMs })
    expect(next.lastCommitted).toEqual({ open: 2000 })
    expect(sent?.epoch).toBe(epoch)
    expect((await drain(next)).flatMap((b) => numbersOf(b.intervals))).toEqual(numbersOf(numbered(251, 1750)))
    await next.close()
    remove(left)
  })

  it('goes on in memory when the disk turns read-only, and still sends what it holds', async () => {
    const spool = await open()
    spool.append(numbered(1, 100))
    await spool.commit()
    await spool.close()
    remount('ro')
    const next = await open()
    next.append(numbered(101, 100))
    await next.commit()
    expect(stateOf(next.state())).toEqual(['read-only', 200, 0])
    expect((await drain(next)).flatMap((b) => numbersOf(b.intervals))).toEqual(numbersUpTo(200))
    remount('rw')
    nowMs += 10_000
    await next.commit()
    expect(stateOf(next.state())).toEqual(['ok', 0, 0])
    await next.close()
  })

  function fill(): void {
    for (let size = 1 << 20; size >= 1; size >>= 1)
      try {
        writeFileSync(join(disk, 'filler'), Buffer.alloc(size), { flag: 'a' })
      } catch {
        // as much as there is room for
      }
  }
})

describe('a spool without its folder', () => {
  it('begins in memory where its folder is a file, and moves to disk when that is mended', async () => {
    const place = join(folder, 'spool')
    writeFileSync(place, 'somebody’s notes')
    let nowMs = 1
    const spool = await openSpool(place, { nowMs: () => nowMs })
    spool.append(numbered(1, 10))
    await spool.commit({ open: 1 })
    expect(spool.state()).toMatchObject({ disk: 'failed', records: 10 })
    expect(numbersOf((await spool.read(1, 500))?.intervals ?? [])).toEqual(numbersUpTo(10))
    expect(readFileSync(place, 'utf8')).toBe('somebody’s notes')
    rmSync(place)
    nowMs += 10_000
    await eventually(
      () => spool.commit({ open: 2 }).then(() => spool.state().disk),
      (d) => d === 'ok',
    )
    await spool.close()
    const next = await openSpool(place)
    expect(next.lastCommitted).toEqual({ open: 2 })
    expect((await drain(next)).flatMap((b) => numbersOf(b.intervals))).toEqual(numbersUpTo(10))
    await next.close()
  })

  it.runIf(process.platform === 'linux')(
    'leaves a folder alone that another agent has, until that is gone (on Linux)',
    async () => {
      let nowMs = 1
      const first = await openSpool(folder)
      first.append(numbered(1, 10))
      await first.commit({ open: 1 })
      const lines: string[] = []
      const second = await openSpool(folder, {
        nowMs: () => nowMs,
        log: createLog({ write: (line) => lines.push(line) }),
      })
      second.append(numbered(11, 10))
      await second.commit({ open: 2 })
      expect(second.state()).toMatchObject({ disk: 'failed', records: 10 })
      expect(lines.join()).toContain('another perwatt-agent has this folder; give each its own spool.folder')
      await first.close()
      nowMs += 10_000
      await second.commit({ open: 3 })
      expect(second.state()).toMatchObject({ disk: 'ok', records: 20 })
      expect((await drain(second)).flatMap((b) => numbersOf(b.intervals))).toEqual(numbersUpTo(20))
      await second.close()
    },
  )

  it('drops the oldest in memory at its bound, and counts them', async () => {
    writeFileSync(join(folder, 'file'), '')
    const spool = await openSpool(join(folder, 'file'), { maxMemoryRecords: 30 })
    for (const first of [1, 21, 41]) {
      spool.append(numbered(first, 20))
      await spool.commit()
    }
    expect(spool.state()).toMatchObject({ records: 30, lost: 30, disk: 'failed' })
    expect(await spool.read(1, 500)).toMatchObject({ firstSeq: 31, oldestSeq: 31, gaps: [{ records: 30 }] })
  })
})
