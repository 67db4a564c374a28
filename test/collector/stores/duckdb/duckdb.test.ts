import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { beginOf } from '../../../../collector/rows/mark-file.ts'
import { createDuckdbStore } from '../../../../collector/stores/duckdb/duckdb.ts'
import { readLog } from '../../../../collector/stores/duckdb/log-file.ts'
import { planRepair } from '../../../../collector/stores/duckdb/repair.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { eventually } from '../../../eventually.ts'
import { DAY_MS, interval, intervals, ledgerRow } from '../fixtures.ts'
import { copyWhileOpen } from '../killed-database.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-duckdb-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))
const file = () => join(folder, 'data', 'ledger.duckdb')
const createAt = (path: string) => createDuckdbStore({ path, memoryLimitMb: 128, log: SILENT })

test('creates the folder of its file, and leaves no log of writes beside it when closed', async () => {
  const store = createAt(file())
  await store.open()
  await store.append('agent-a', { epoch: 1, seq: 1 }, [interval()])
  await store.close()
  expect((await stat(file())).size).toBeGreaterThan(0)
  await expect(stat(`${file()}.wal`)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('opened twice in one process writes one file without harm', async () => {
  const [one, two] = [createAt(file()), createAt(file())]
  await one.open()
  await two.open()
  await one.append('agent-a', { epoch: 1, seq: 1 }, [interval()])
  await two.append('agent-b', { epoch: 1, seq: 1 }, [interval()])
  await one.close()
  expect((await two.highWaters()).size).toBe(2)
  await two.close()
})

test('leaves a minute as it was where its new rows cannot be kept', async () => {
  const store = createAt(file())
  await store.open()
  await store.settle([DAY_MS], [ledgerRow()])
  const bad = [ledgerRow({ deviceId: 'other' }), ledgerRow({ energyMilliJ: 0.5 })]
  await expect(store.settle([DAY_MS], bad)).rejects.toMatchObject({ code: 'store-refused' })
  const query = { fromMs: DAY_MS, toMs: DAY_MS + 60_000, stepMs: 60_000, groupBy: 'device' as const }
  expect((await store.ledger(query)).map((bucket) => bucket.group)).toEqual(['rack1-01'])
  await store.close()
})

test('takes over a file of an earlier perwatt: what it did not count is nothing, all else is kept', async () => {
  const store = createAt(file())
  await store.open()
  const rows = [ledgerRow(), ledgerRow({ minuteMs: DAY_MS + 60_000 })]
  await store.append('agent-a', { epoch: 1, seq: 1 }, [interval({ workDiff1: 7 })])
  await store.settle([DAY_MS, DAY_MS + 60_000], rows)
  await store.close()
  const since = ['minedMilliSat', 'feeNanoUsd', 'demandNanoUsd', 'depreciationNanoUsd', 'tokensInCached']
  for (const column of since) await inDuckdb(file(), `ALTER TABLE ledger DROP COLUMN ${column}`)
  await inDuckdb(file(), 'ALTER TABLE interval DROP COLUMN tokensInCached')
  await inDuckdb(file(), `UPDATE meta SET value = '1' WHERE name = 'schema'`)
  for (const life of [1, 2]) {
    await store.open()
    const query = { fromMs: DAY_MS, toMs: DAY_MS + 120_000, stepMs: 120_000, groupBy: 'site' as const }
    expect([life, ...(await store.ledger(query))]).toMatchObject([
      life,
      { revenueNanoUsd: 2 * 1_234_567, energyMilliJ: 390_000_000, feeNanoUsd: 0, demandNanoUsd: 0 },
    ])
    expect(await store.intervals(DAY_MS, DAY_MS + 60_000)).toEqual([
      { agentId: 'agent-a', ...interval({ workDiff1: 7 }) },
    ])
    await store.append('agent-a', { epoch: 1, seq: 1 + life }, [
      interval({ startMs: DAY_MS + life * 3_600_000, tokensInCached: 3 }),
    ])
    expect(await store.intervals(DAY_MS + life * 3_600_000, DAY_MS + life * 3_600_000 + 1)).toMatchObject([
      { tokensInCached: 3, durationMs: 60_000 },
    ])
    await store.close()
  }
})

test('refuses a file of a newer perwatt, and says which to run', async () => {
  const store = createAt(file())
  await store.open()
  await store.close()
  await inDuckdb(file(), `UPDATE meta SET value = '99' WHERE name = 'schema'`)
  await expect(store.open()).rejects.toMatchObject({
    code: 'store-newer',
    message: expect.stringMatching(/ledger\.duckdb: has schema 99, .*run the newer perwatt/),
  })
})

test('refuses a file that is something else, and leaves it as it is', async () => {
  const path = join(folder, 'notes.txt')
  const text = 'not a database, but somebody needs it\n'.repeat(500)
  await writeFile(path, text)
  await expect(createAt(path).open()).rejects.toMatchObject({
    code: 'store-unreadable',
    message: expect.stringContaining('notes.txt'),
  })
  expect((await stat(path)).size).toBe(text.length)
})

test('writes nothing while its disk is nearly full, says how full, and goes on when there is room', async () => {
  let free = 1e12
  const store = createDuckdbStore({
    path: file(),
    memoryLimitMb: 128,
    log: SILENT,
    freeBytes: async () => free,
  })
  await store.open()
  await store.append('agent-a', { epoch: 1, seq: 1 }, [interval()])
  free = 5 * 2 ** 20
  await expect(store.append('agent-a', { epoch: 1, seq: 2 }, [])).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringMatching(/ledger\.duckdb: its disk has 5 MB free, .*make room/),
  })
  expect(await store.intervals(0, 2 * DAY_MS)).toHaveLength(1)
  free = 1e12
  await store.append('agent-a', { epoch: 1, seq: 2 }, [])
  expect((await store.highWaters()).get('agent-a')?.seq).toBe(2)
  await store.close()
})

test('says which folder it cannot write', async () => {
  await writeFile(join(folder, 'data'), '')
  await expect(createAt(file()).open()).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringContaining('ledger.duckdb'),
  })
})

test('moves what was written from its log into the file while it is open', async () => {
  const store = createDuckdbStore({ path: file(), memoryLimitMb: 128, log: SILENT, checkpointEveryMs: 20 })
  await store.open()
  for (let seq = 1; seq <= 5; seq++) await store.append('agent-a', { epoch: 1, seq }, intervals(10, 10))
  await eventually(
    () =>
      stat(`${file()}.wal`).then(
        ({ size }) => size,
        () => 0,
      ),
    (size) => size === 0,
  )
  await store.append('agent-a', { epoch: 1, seq: 6 }, [])
  expect((await store.highWaters()).get('agent-a')).toEqual({ epoch: 1, seq: 6 })
  await store.close()
})

describe('a log that was damaged', () => {
  /** A database with a log of many writes, as a killed collector leaves it. */
  async function leave(): Promise<void> {
    const store = createAt(file())
    await store.open()
    for (let seq = 1; seq <= 20; seq++)
      await store.append('agent-a', { epoch: 1, seq }, [interval({ startMs: DAY_MS + seq * 60_000 })])
    await store.append('agent-b', { epoch: 4, seq: 9 }, [interval({ deviceId: 'b' })])
    await copyWhileOpen(store, file())
  }
  const log = () => `${file()}.wal`
  const rows = async () => {
    const store = createAt(file())
    await store.open()
    const found = (await store.intervals(0, 2 * DAY_MS)).length
    const { warnings = [] } = store
    const marks = await store.highWaters()
    await store.close()
    return { found, warnings, marks }
  }
  let repairs = 0
  const plan = () => planRepair({ path: file(), memoryLimitMb: 128, nowMs: () => DAY_MS + repairs++ })

  test('is whole where nothing happened to it: nothing is repaired, nothing is missing', async () => {
    await leave()
    expect(await plan()).toBeUndefined()
    expect(await rows()).toMatchObject({ found: 21, warnings: [] })
  })

  test.each([
    ['4,096 zero bytes at its tail', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(4096)])],
    [
      'an entry whose data never reached the disk',
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('f00000000000000001020304050607080000', 'hex')]),
    ],
    [
      'a tail of another file',
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('not a log, and longer than a frame')]),
    ],
  ])('after a power cut has %s: told first, cut with a copy kept, and all rows open', async (_, damage) => {
    await leave()
    const whole = await readFile(log())
    const torn = damage(whole)
    await writeFile(log(), torn)
    const error = await createAt(file())
      .open()
      .catch((reason: unknown) => reason)
    // DuckDB drops a half-written entry by itself
    if (error === undefined) return expect(await rows()).toMatchObject({ found: 21 })
    expect(error).toMatchObject({
      code: 'store-torn',
      message: expect.stringMatching(/run perwatt-collector repair/),
    })
    const repair = await plan()
    expect(repair?.plan.join('\n')).toMatch(
      new RegExp(
        `is torn at byte ${whole.length}.*\\n.*copied to .*ledger\\.duckdb\\.wal\\.torn-.*\\n.*to ${whole.length} bytes`,
      ),
    )
    // told, and not yet done
    expect(await readFile(log())).toEqual(torn)
    expect((await repair?.run())?.join()).toMatch(/opens again, with 21 interval rows/)
    const copy = (await readdir(dirname(log()))).find((name) => name.includes('.torn-'))
    expect(await readFile(join(dirname(log()), copy ?? ''))).toEqual(torn)
    expect(await rows()).toMatchObject({ found: 21, warnings: [] })
    expect(await plan()).toBeUndefined()
  })

  test('with a wrong byte in the middle keeps all before it, and says how much is behind it', async () => {
    await leave()
    const bytes = await readFile(log())
    const state = await readLog(log())
    expect(state).toMatchObject({ wholeBytes: bytes.length, behind: 0 })
    const at = Math.floor(bytes.length / 2)
    bytes[at] = (bytes[at] ?? 0) ^ 0xff
    await writeFile(log(), bytes)
    const repair = await plan()
    expect(repair?.plan.join('\n')).toMatch(
      /\d+ transactions behind the tear can't be kept: agents send again/,
    )
    await repair?.run()
    const { found, warnings } = await rows()
    expect(found).toBeGreaterThan(5)
    expect(found).toBeLessThan(16)
    expect(warnings).toMatchObject([{ what: expect.stringMatching(/shorter than it was/) }])
  })

  test('that is no log of a database is not touched', async () => {
    await mkdir(dirname(file()))
    await writeFile(file(), '')
    await writeFile(log(), 'something else that is kept here')
    await expect(plan()).rejects.toMatchObject({ code: expect.stringMatching(/store-/) })
    expect(await readFile(log(), 'utf8')).toBe('something else that is kept here')
  })

  test('opens exactly the whole transactions before a tear, wherever it is and whatever stands there (property)', async () => {
    await leave()
    const whole = await readFile(log())
    const kept = await readFile(file())
    const { transactions = 0 } = (await readLog(log())) ?? {}
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 200, max: whole.length }),
        fc.uint8Array({ minLength: 40, maxLength: 600 }),
        async (at, junk) => {
          await writeFile(file(), kept)
          await writeFile(log(), Buffer.concat([whole.subarray(0, at), junk]))
          const state = await readLog(log())
          expect(state?.wholeBytes).toBeLessThanOrEqual(at)
          await (await plan())?.run()
          const { found } = await rows()
          // the first transaction makes the tables; each later one adds a record
          const lost = transactions - (state?.transactions ?? 0)
          expect(found).toBe(Math.max(0, 21 - lost))
        },
      ),
      { numRuns: 10, endOnFailure: true },
    )
  })

  test('that belongs to another file is never cut: every entry of it is whole', async () => {
    await leave()
    const other = await readFile(log())
    await rm(log())
    await rm(file())
    await leave()
    const store = createAt(file())
    await store.open()
    await store.close()
    await writeFile(log(), other)
    const opened = createAt(file())
    const error = await opened.open().catch((reason: unknown) => reason)
    if (error === undefined) await opened.close()
    else {
      await expect(plan()).rejects.toMatchObject({ code: expect.stringMatching(/^store-/) })
      expect(await readFile(log())).toEqual(other)
    }
  })

  test.each([
    [
      'cut',
      async () => truncate(log(), Math.floor((await stat(log())).size / 2)),
      /last \d+ writes are gone/,
    ],
    ['emptied', () => truncate(log(), 0), /agent.*records at least/],
    ['deleted', () => rm(log()), /agent.*records at least/],
    [
      'deleted with its file',
      async () => void (await Promise.all([rm(log()), rm(file())])),
      /2 agents, 29 records/,
    ],
  ])('is noticed where it was %s', async (_, harm, text) => {
    await leave()
    await harm()
    const { warnings, marks } = await rows()
    expect(warnings).toMatchObject([
      {
        what: expect.stringMatching(text),
        cure: expect.stringMatching(/put the right ones back, or go on: agents send again/),
        agents: expect.arrayContaining(['agent-b']),
      },
    ])
    // what an agent still holds comes again, and the rest is counted
    expect(marks.get('agent-b')).toEqual(beginOf({ epoch: 4, seq: 9 }))
    expect((await rows()).warnings).toEqual([])
  })
})

describe('in a process of its own', () => {
  let programs: string
  beforeAll(async () => {
    programs = await mkdtemp(join(tmpdir(), 'perwatt-duckdb-program-'))
    // the library stays where it is installed; its address goes into the bundle
    const library = pathToFileURL(createRequire(import.meta.url).resolve('@duckdb/node-api')).href
    const contents = await build({
      stdin: { contents: APPENDER, resolveDir: import.meta.dirname, loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: join(programs, 'appender.mjs'),
      plugins: [
        {
          name: 'library',
          setup: (setup) =>
            setup.onResolve({ filter: /^@duckdb\/node-api$/ }, () => ({ path: library, external: true })),
        },
      ],
    })
    expect(contents.errors).toEqual([])
    await mkdir(join(programs, 'alone'))
    await build({
      stdin: { contents: APPENDER, resolveDir: import.meta.dirname, loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: join(programs, 'alone', 'appender.mjs'),
      external: ['@duckdb/node-api'],
    })
  })
  afterAll(() => rm(programs, { recursive: true, force: true }))

  const children: ChildProcess[] = []
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })
  /** Appends batches without end, and prints the seq of each that was acknowledged. */
  const startAppender = (first: number, program = 'appender.mjs') => {
    const child = spawn(process.execPath, [join(programs, program), file(), String(first)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    return { child, lines: createInterface({ input: child.stdout }) }
  }

  test('keeps every acknowledged record when killed at any moment, and nothing of a batch without the rest', async () => {
    let seq = 0
    for (const acknowledgements of [1, 7, 23, 60]) {
      const { child, lines } = startAppender(seq + 1)
      const ended = once(child, 'exit')
      let left = acknowledgements
      for await (const line of lines) {
        seq = Number(line)
        if (--left === 0) child.kill('SIGKILL')
      }
      await ended
      const store = createAt(file())
      await store.open()
      const mark = (await store.highWaters()).get('agent-a')
      const kept = new Set((await store.intervals(0, 2 * DAY_MS)).map((record) => record.energyMilliJ))
      await store.close()
      expect(mark?.epoch).toBe(1)
      expect(mark?.seq).toBeGreaterThanOrEqual(seq)
      seq = mark?.seq ?? 0
      // every record up to the mark, none beyond it, none twice
      expect(kept).toEqual(new Set(Array.from({ length: seq }, (_, i) => i + 1)))
    }
  })

  test('holds its file: another process is told which one', async () => {
    const { child, lines } = startAppender(1)
    await once(lines, 'line')
    await expect(createAt(file()).open()).rejects.toMatchObject({
      code: 'store-locked',
      message: expect.stringMatching(
        new RegExp(`ledger\\.duckdb: is in use by .*PID ${child.pid}.*stop that process`),
      ),
    })
  })

  test.runIf(process.platform === 'linux')(
    'goes on when a full disk has room again, and has lost nothing that it acknowledged (on Linux: by a file size limit)',
    async () => {
      // the limit's signal is ignored, so that a write fails as it does on a full disk
      const child = spawn(
        'bash',
        [
          '-c',
          `trap '' XFSZ; ulimit -S -f 700; exec "$0" "$@"`,
          process.execPath,
          join(programs, 'appender.mjs'),
          file(),
          '1',
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      children.push(child)
      let complaint = ''
      let acknowledged = 0
      let after = 0
      for await (const line of createInterface({ input: child.stdout })) {
        if (!/^\d+$/.test(line)) {
          if (!complaint) spawn('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'])
          complaint = line
        } else {
          acknowledged = Number(line)
          if (complaint && ++after === 10) child.kill('SIGKILL')
        }
      }
      expect(complaint).toMatch(/^store-unavailable duckdb .*ledger\.duckdb: .*check free space/)
      const store = createAt(file())
      await store.open()
      const kept = new Set((await store.intervals(0, 2 * DAY_MS)).map((record) => record.energyMilliJ))
      await store.close()
      for (let seq = 1; seq <= acknowledged; seq++)
        if (!kept.has(seq)) expect.fail(`record ${seq} is missing`)
    },
  )

  test('without its native part says what to put where', async () => {
    const { lines } = startAppender(1, 'alone/appender.mjs')
    const said: string[] = []
    for await (const line of lines) said.push(line)
    expect(said.join()).toMatch(
      /^store-native-missing duckdb: .*native\/ folder beside the program.*store\.influx/,
    )
  })
})

test('takes a large batch in parts and counts it once', async () => {
  const store = createAt(file())
  await store.open()
  const all = intervals(50, 100)
  await store.append('agent-a', { epoch: 1, seq: 5000 }, all)
  await store.append('agent-a', { epoch: 1, seq: 5000 }, all)
  expect(await store.intervals(DAY_MS, DAY_MS + 100 * 60_000)).toHaveLength(5000)
  await store.close()
})

async function inDuckdb(path: string, sql: string): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  await connection.run(sql)
  connection.closeSync()
  instance.closeSync()
}

const APPENDER = `
import { createDuckdbStore } from '../../../../collector/stores/duckdb/duckdb.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
const [, , path, first] = process.argv
const say = (line) => writeSync(1, line + '\\n')
const store = createDuckdbStore({ path, memoryLimitMb: 128, log: SILENT })
try {
  await store.open()
  for (let seq = Number(first); ; ) {
    const records = Array.from({ length: 40 }, (_, i) => ({
      deviceId: 'd' + (i % 20), owner: { poolUser: 'site' }, startMs: ${DAY_MS} + (seq + i) * 10,
      durationMs: 10, coveredMs: 10, energyMilliJ: seq + i,
    }))
    try {
      await store.append('agent-a', { epoch: 1, seq: seq + 39 }, records)
    } catch (error) {
      say(error.code + ' ' + error.message)
      await sleep(20)
      continue
    }
    say(seq + 39)
    seq += 40
  }
} catch (error) {
  say(error.code + ' ' + error.message)
  process.exitCode = 1
}
`
