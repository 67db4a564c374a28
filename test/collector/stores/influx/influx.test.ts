import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { InfluxDB } from 'influx'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { DeviceClaim } from '../../../../collector/plugin/claim-store.ts'
import type { Store } from '../../../../collector/plugin/store.ts'
import { beginOf, MarkFile } from '../../../../collector/rows/mark-file.ts'
import { createInfluxStore } from '../../../../collector/stores/influx/influx.ts'
import { MEASUREMENTS } from '../../../../collector/stores/influx/measurements.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { Secret } from '../../../../protocol/kit/secret.ts'
import { eventually } from '../../../eventually.ts'
import { type Influxd, startInfluxd } from '../../../influxd.ts'
import { DAY_MS, interval, intervals, ledgerRow, MINUTE_MS, ofAgent, sorted } from '../fixtures.ts'

const portOf = (influxd: Influxd) => Number(new URL(influxd.url).port)
const END_MS = DAY_MS + 24 * 60 * MINUTE_MS

describe('the influx store', () => {
  let influxd: Influxd
  let store: Store
  let database = ''
  let databases = 0
  /** another program at the same database */
  const other = () => new InfluxDB({ host: '127.0.0.1', port: portOf(influxd), database })
  beforeAll(async () => {
    influxd = await startInfluxd({ data: ['max-values-per-tag = 50'] })
  })
  afterAll(() => influxd.remove())
  beforeEach(async () => {
    database = `site_${++databases}`
    store = createInfluxStore({ url: influxd.url, database, log: SILENT })
    await store.open()
    return () => store.close()
  })

  test('says who is down while InfluxDB is, and goes on at once when it is back', async () => {
    await store.append('agent-a', { epoch: 1, seq: 10 }, intervals(1, 10))
    await influxd.stop()
    for (const attempt of [
      () => store.append('agent-a', { epoch: 1, seq: 11 }, [interval({ deviceId: 'next' })]),
      () => store.highWaters(),
      () => store.settle([DAY_MS], [ledgerRow()]),
      () => store.quotes(),
    ])
      await expect(attempt()).rejects.toMatchObject({
        code: 'store-unavailable',
        message: expect.stringMatching(
          /^influx http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED.*; start InfluxDB, or check/,
        ),
      })
    await influxd.start()
    await store.append('agent-a', { epoch: 1, seq: 11 }, [interval({ deviceId: 'next' })])
    expect(await store.intervals(DAY_MS, END_MS)).toHaveLength(11)
    expect(await store.highWaters()).toEqual(new Map([['agent-a', { epoch: 1, seq: 11 }]]))
  })

  test('knows which collectors use its database, by their newest beat, until they end', async () => {
    const program = (n: number) => ({
      instance: `0000000${n}`,
      startedAtMs: n,
      host: `host “${n}”`,
      addresses: ['10.0.0.1', 'fd00::1'],
    })
    const { shared } = store
    for (const [n, beat] of [
      [1, 1],
      [2, 1],
      [1, 2],
    ] as const)
      await shared?.writeLease({ program: program(n), beat })
    const byInstance = async () =>
      ((await shared?.leases()) ?? [])
        .map(({ program: { instance, host }, beat }) => [instance, host, beat])
        .sort()
    expect(await byInstance()).toEqual([
      ['00000001', 'host “1”', 2],
      ['00000002', 'host “2”', 1],
    ])
    await shared?.removeLease('00000001')
    expect((await byInstance()).map(([instance]) => instance)).toEqual(['00000002'])
  })

  test('writes nothing of its own before the collector has obtained it, and is opened when it has', async () => {
    await store.close()
    database = `site_${++databases}`
    const fresh = createInfluxStore({ url: influxd.url, database, log: SILENT })
    const measurements = () => other().getMeasurements()
    const obtained: string[] = []
    const obtain = async (first: boolean) => {
      await fresh.shared?.writeLease({
        program: { instance: '00000009', startedAtMs: 9, host: 'second', addresses: [] },
        beat: obtained.push('asked'),
      })
      if (first) throw new Error('another collector has it')
    }
    await expect(fresh.open(() => obtain(true))).rejects.toThrow('another collector has it')
    expect(await measurements()).toEqual(['lease'])
    await fresh.open(() => obtain(false))
    expect(await measurements()).toContain('identity')
    expect(obtained).toHaveLength(2)
    await fresh.close()
  })

  test('cannot be opened while InfluxDB is down, and can be when it is back', async () => {
    await store.close()
    await influxd.stop()
    await expect(store.open()).rejects.toMatchObject({ code: 'store-unavailable' })
    await influxd.start()
    await store.open()
    expect(await store.quotes()).toEqual([])
  })

  test('keeps what InfluxDB accepted when that is killed', async () => {
    const all = intervals(10, 20)
    await store.append('agent-a', { epoch: 1, seq: 200 }, all)
    await influxd.stop('SIGKILL')
    await influxd.start()
    expect(sorted(await store.intervals(DAY_MS, END_MS))).toStrictEqual(sorted(ofAgent('agent-a', all)))
    expect(await store.highWaters()).toEqual(new Map([['agent-a', { epoch: 1, seq: 200 }]]))
  })

  test('is refused a field of another type, says so once and leaves the mark', async () => {
    await other().writePoints([
      { measurement: 'interval', fields: { energyMilliJ: 1.5 }, timestamp: new Date(DAY_MS) },
    ])
    await expect(store.append('agent-a', { epoch: 1, seq: 1 }, [interval()])).rejects.toMatchObject({
      code: 'store-refused',
      message: expect.stringMatching(/partial write.*field type conflict.*sending it again won't help/),
    })
    expect(await store.highWaters()).toEqual(new Map())
  })

  test('names the limit of InfluxDB that new names are over, and asks for the records again', async () => {
    await store.append('agent-a', { epoch: 1, seq: 60 }, intervals(60, 1))
    const more = [interval({ deviceId: 'one-too-many' })]
    await expect(store.append('agent-a', { epoch: 1, seq: 61 }, more)).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/max-values-per-tag.*raise this limit/),
    })
    expect(await store.highWaters()).toEqual(new Map([['agent-a', { epoch: 1, seq: 60 }]]))
  })

  test('makes its database again when somebody dropped it, sets the marks back, and says what is gone', async () => {
    await store.append('a', { epoch: 3, seq: 7 }, [interval()])
    await store.append('b', { epoch: 1, seq: 2 }, [interval()])
    await other().dropDatabase(database)
    let told = 0
    store.onEmptied?.(() => told++)
    await expect(store.append('a', { epoch: 3, seq: 8 }, [interval()])).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('database not found'),
    })
    // the database is there again, and empty: what comes now must not look as if everything before it were stored
    await expect(store.append('a', { epoch: 3, seq: 8 }, [interval()])).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('came back without its data'),
    })
    expect(told).toBe(1)
    expect(await store.highWaters()).toEqual(
      new Map([
        ['a', beginOf({ epoch: 3, seq: 7 })],
        ['b', beginOf({ epoch: 1, seq: 2 })],
      ]),
    )
    expect(store.warnings).toMatchObject([
      {
        what: expect.stringMatching(/has lost what it held \(2 agents, 9 records at least\)/),
        cure: expect.stringMatching(
          /agents send again what they still hold, and the rest is counted as lost/,
        ),
      },
    ])
    await store.append('a', { epoch: 3, seq: 8 }, [interval()])
    expect((await store.highWaters()).get('a')).toEqual({ epoch: 3, seq: 8 })
  })

  test('a database that somebody dropped and made again within a moment is noticed too', async () => {
    await store.append('a', { epoch: 3, seq: 7 }, [interval()])
    await other().dropDatabase(database)
    await other().createDatabase(database)
    await expect(store.append('a', { epoch: 3, seq: 8 }, [interval()])).rejects.toMatchObject({
      message: expect.stringContaining('came back without its data'),
    })
    expect((await store.highWaters()).get('a')).toEqual(beginOf({ epoch: 3, seq: 7 }))
  })

  /** As a backup has it. */
  const copyOf = (measurement: string) =>
    other().query<Record<string, unknown>>(`SELECT * FROM ${measurement} GROUP BY *`)

  test('a database that was put back to an earlier state goes on from there, says so, and is filled again', async () => {
    await store.append('a', { epoch: 3, seq: 20 }, [interval()])
    await store.append('b', { epoch: 1, seq: 2 }, [interval()])
    const backup = await copyOf('highWater')
    for (const seq of [30, 40]) await store.append('a', { epoch: 3, seq }, [interval()])
    let told = 0
    store.onEmptied?.(() => told++)
    // it has the same identity as before
    await other().query('DROP MEASUREMENT highWater')
    const schema = MEASUREMENTS.map((measurement) => ({ ...measurement }))
    await new InfluxDB({ host: '127.0.0.1', port: portOf(influxd), database, schema }).writePoints(
      backup.map(({ time, agentId, ...fields }) => ({
        measurement: 'highWater',
        tags: { agentId: String(agentId) },
        fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as never,
        timestamp: time as Date,
      })),
    )
    await expect(store.append('a', { epoch: 3, seq: 50 }, [interval()])).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('put back to an earlier state'),
    })
    expect(told).toBe(1)
    expect(store.warnings).toMatchObject([
      { what: expect.stringMatching(/put back.*\(1 agent, 20 records at least\)/), agents: ['a'] },
    ])
    // what was on its way by the marks of before is not taken
    await expect(store.append('a', { epoch: 3, seq: 50 }, [interval()])).rejects.toMatchObject({
      message: expect.stringContaining('read again'),
    })
    expect(await store.highWaters()).toEqual(
      new Map([
        ['a', { epoch: 3, seq: 20 }],
        ['b', { epoch: 1, seq: 2 }],
      ]),
    )
    await store.append('a', { epoch: 3, seq: 50 }, [interval()])
    expect((await store.highWaters()).get('a')).toEqual({ epoch: 3, seq: 50 })
    expect(told).toBe(1)
  })

  test('one of whose marks was deleted is noticed by what they say, where nothing is appended too', async () => {
    await store.append('b', { epoch: 1, seq: 2 }, [interval()])
    await store.append('a', { epoch: 3, seq: 20 }, [interval()])
    await store.check?.()
    await other().query(`DELETE FROM highWater WHERE agentId = 'b'`)
    const noticed = await eventually(
      () => store.check?.().then(() => '', String) ?? '',
      (text) => text !== '',
    )
    expect(noticed).toContain('put back to an earlier state')
    expect((await store.highWaters()).get('b')).toEqual(beginOf({ epoch: 1, seq: 2 }))
    await store.check?.()
  })

  test('takes nothing by the marks of before once another collector has written, and no loss is told', async () => {
    await store.append('a', { epoch: 3, seq: 7 }, [interval()])
    const second = createInfluxStore({ url: influxd.url, database, log: SILENT })
    await second.open()
    await second.append('a', { epoch: 3, seq: 9 }, [interval()])
    let told = 0
    store.onOvertaken?.(() => told++)
    await expect(store.append('a', { epoch: 3, seq: 8 }, [interval()])).rejects.toMatchObject({
      message: expect.stringContaining('another program has written'),
    })
    expect(told).toBeGreaterThan(0)
    expect((await second.highWaters()).get('a')).toEqual({ epoch: 3, seq: 9 })
    await store.open()
    expect((await store.highWaters()).get('a')).toEqual({ epoch: 3, seq: 9 })
    await store.append('a', { epoch: 3, seq: 10 }, [interval()])
    expect(store.warnings).toEqual([])
    await second.close()
  })

  test('a database that was emptied while the collector was away is noticed at its start', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'perwatt-mark-'))
    const open = async () => {
      const markFile = new MarkFile(join(folder, 'influx.mark.json'), SILENT)
      const opened = createInfluxStore({ url: influxd.url, database, log: SILENT, markFile })
      await opened.open()
      return opened
    }
    const first = await open()
    expect(first.warnings).toEqual([])
    await first.append('a', { epoch: 3, seq: 7 }, [interval()])
    await first.close()
    await other().dropDatabase(database)
    const second = await open()
    expect(second.warnings).toMatchObject([{ what: expect.stringContaining('1 agent, 7 records at least') }])
    expect(await second.highWaters()).toEqual(new Map([['a', beginOf({ epoch: 3, seq: 7 })]]))
    await second.close()
    await rm(folder, { recursive: true })
  })

  test('keeps its marks, claims, losses and what is put aside in a database with a short retention', async () => {
    const short = 'short_retention'
    await other().query(`CREATE DATABASE ${short} WITH DURATION 1h`)
    let nowMs = Date.now()
    const kept = createInfluxStore({ url: influxd.url, database: short, log: SILENT, nowMs: () => nowMs })
    await kept.open()
    expect(kept.keepsMs).toBe(60 * MINUTE_MS)
    expect(kept.warnings).toMatchObject([{ what: expect.stringContaining('deletes everything') }])
    const startMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS
    const loss = { agentId: 'a', epoch: 1, seq: 5, records: 4, atMs: nowMs }
    const claim: DeviceClaim = {
      agentId: 'a',
      deviceId: 'd',
      keys: [],
      claimedMs: 0,
      settled: true,
      spans: [{}],
    }
    await kept.appendAll([
      { agentId: 'a', mark: { epoch: 1, seq: 5 }, records: [interval({ startMs })], losses: [loss] },
      { agentId: 'silent', mark: { epoch: 2, seq: 9 }, records: [] },
    ])
    await kept.writeClaims([claim])
    await kept.quarantine([{ atMs: nowMs, agentId: 'a', topic: 't', reason: 'r', payload: 'p' }], 5)
    expect(await kept.losses(5)).toEqual([loss])
    expect(await kept.quarantined(5)).toHaveLength(1)
    // the points of a silent agent are written again before InfluxDB deletes them
    const placeOf = async (measurement: string) =>
      (
        await other().query<{ time: Date; agentId: string }>(`SELECT * FROM ${measurement}`, {
          database: short,
        })
      ).map(({ time, agentId }) => [agentId, Number(time)])
    const hourOf = (ms: number) => Math.floor(ms / (60 * MINUTE_MS)) * 60 * MINUTE_MS
    for (const ms of [nowMs, nowMs + 60 * MINUTE_MS]) {
      nowMs = ms
      await kept.append('a', { epoch: 1, seq: 6 }, [])
      expect(await placeOf('highWater')).toEqual([
        ['a', hourOf(ms)],
        ['silent', hourOf(ms)],
      ])
      expect(await placeOf('claim')).toEqual([['a', hourOf(ms)]])
    }
    await kept.close()
    await kept.open()
    expect(await kept.highWaters()).toEqual(
      new Map([
        ['a', { epoch: 1, seq: 6 }],
        ['silent', { epoch: 2, seq: 9 }],
      ]),
    )
    expect(await kept.claims()).toEqual([claim])
    await kept.close()
  })

  test('takes over the marks of an earlier perwatt, which stand at time 0', async () => {
    await other().writePoints(
      [{ measurement: 'highWater', tags: { agentId: 'a' }, fields: { epoch: 2, seq: 40 }, timestamp: '0' }],
      { precision: 'ms' },
    )
    await store.close()
    await store.open()
    expect(await store.highWaters()).toEqual(new Map([['a', { epoch: 2, seq: 40 }]]))
    await store.append('a', { epoch: 2, seq: 41 }, [interval()])
    expect(await store.highWaters()).toEqual(new Map([['a', { epoch: 2, seq: 41 }]]))
    expect(store.warnings).toEqual([])
  })

  test('finds the one bad point among many: all others are stored, and it is named', async () => {
    // a field that another program has written into the same series with another type
    await other().writePoints([
      { measurement: 'interval', fields: { tokensIn: 1.5 }, timestamp: new Date(DAY_MS) },
    ])
    const all = [...intervals(300, 10), interval({ deviceId: 'bad-one', tokensIn: 3 })]
    await expect(store.append('agent-a', { epoch: 1, seq: 3001 }, all)).rejects.toMatchObject({
      code: 'store-refused',
      message: expect.stringMatching(
        /field type conflict.*\(1 of 3001 points refused: interval agentId=agent-a deviceId=bad-one .*at 20/,
      ),
    })
    expect(await store.intervals(DAY_MS + 1, END_MS)).toHaveLength(2700)
  })

  test('shows a minute as unsettled until the last of its ledger is written', async () => {
    await store.append('agent-a', { epoch: 1, seq: 3 }, intervals(3, 1))
    const row = (deviceId: string, count: number) => ledgerRow({ deviceId, intervals: count })
    const all = [row('d0', 1), row('d1', 2), row('meter', 0)]
    await store.settle([DAY_MS], all)
    expect(await store.unsettledMinutes(DAY_MS, END_MS)).toEqual([])
    for (const missing of all.slice(0, 2)) {
      await store.settle(
        [DAY_MS],
        all.filter((r) => r !== missing),
      )
      expect(await store.unsettledMinutes(DAY_MS, END_MS)).toEqual([DAY_MS])
    }
  })
})

describe('the influx store with a password', () => {
  let influxd: Influxd
  beforeAll(async () => {
    influxd = await startInfluxd({ http: ['auth-enabled = true'] })
    const admin = new InfluxDB({
      host: '127.0.0.1',
      port: portOf(influxd),
      username: 'admin',
      password: 'admin-pw',
    })
    await admin.createUser('admin', 'admin-pw', true)
    await admin.createDatabase('perwatt')
    await admin.createUser('writer', `p'w "1"`)
    await admin.queryRaw('GRANT ALL ON perwatt TO writer', { database: 'perwatt', method: 'POST' })
  })
  afterAll(() => influxd.remove())
  const as = (username: string, password: string, database = 'perwatt') =>
    createInfluxStore({ url: influxd.url, database, username, password: new Secret(password), log: SILENT })

  test('needs no administrator for a database that is there', async () => {
    const store = as('writer', `p'w "1"`)
    await store.open()
    await store.append('agent-a', { epoch: 1, seq: 1 }, [interval()])
    expect(await store.intervals(DAY_MS, END_MS)).toHaveLength(1)
    await store.settle([DAY_MS], [ledgerRow()])
    await store.settle([DAY_MS], [])
    await store.prune(DAY_MS)
    expect(await store.unsettledMinutes(DAY_MS, END_MS)).toEqual([DAY_MS])
    await store.close()
  })

  test('says what to check where it is wrong or may not, and never shows it', async () => {
    for (const [user, password, database] of [
      ['writer', 'wrong-pw', 'perwatt'],
      ['writer', `p'w "1"`, 'other'],
    ] as const) {
      const error = await as(user, password, database)
        .open()
        .catch((reason: unknown) => reason)
      expect(error).toMatchObject({
        code: 'store-unavailable',
        message: expect.stringMatching(/check store\.influx\.username and password/),
      })
      const shown = inspect(error, { depth: 20 })
      expect(shown).not.toContain(password)
      expect(shown).not.toContain(Buffer.from(`${user}:${password}`).toString('base64'))
    }
  })
})

describe('the influx store before a server that is not well', () => {
  /** answers what a test wants; a real InfluxDB can't be made to fail so */
  async function serve(
    answer: Parameters<typeof createServer>[1],
    deadlineMs = 60_000,
  ): Promise<{ server: Server; store: Store }> {
    const server = createServer(answer)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/influx/`
    return { server, store: createInfluxStore({ url, database: 'perwatt', log: SILENT, deadlineMs }) }
  }

  test.each([
    ['never answers', () => {}],
    [
      'stops in the middle of its answer',
      (_: unknown, res: import('node:http').ServerResponse) => void res.write('{"res'),
    ],
    [
      'drops the connection in its answer',
      (_: unknown, res: import('node:http').ServerResponse) => {
        res.write('{"res')
        setImmediate(() => res.destroy())
      },
    ],
    [
      'answers something else',
      (_: unknown, res: import('node:http').ServerResponse) => void res.end('<html>'),
    ],
    [
      'answers an error of its proxy',
      (_: unknown, res: import('node:http').ServerResponse) => void res.writeHead(502).end(),
    ],
  ])('gives up when it %s', async (_, answer) => {
    const { server, store } = await serve(answer, 300)
    await expect(store.open()).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(store.quotes()).rejects.toMatchObject({ code: 'store-unavailable' })
    await store.close()
    server.closeAllConnections()
    server.close()
  })

  test('speaks to the path of its address', async () => {
    const paths: (string | undefined)[] = []
    const { server, store } = await serve((req, res) => {
      paths.push(req.url)
      res.end('{"results":[{"series":[{"columns":["name"],"values":[["perwatt"]]}]}]}')
    })
    await store.open().catch(() => {})
    await store.close()
    expect(paths[0]).toMatch(/^\/influx\/query\?/)
    server.closeAllConnections()
    server.close()
  })
})
