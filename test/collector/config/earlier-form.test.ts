import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { convert } from '../../../collector/commands/convert.ts'
import { CollectorConfigSchema } from '../../../collector/config/config.ts'
import { fromEarlierForm } from '../../../collector/config/earlier-form.ts'
import { EXAMPLE } from '../../../collector/config/example.ts'
import { loadCollectorConfig } from '../../../collector/config/load.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'

const SECRET = 'whsec_ZXhhbXBsZS1zZWNyZXQtY2hhbmdlLW1lLXBsZWFzZQ=='

/** As commit 54b681e took it, with every form that a person may have given it. */
const EARLIER = `# our site
site: { id: plains-1 }   # keep
store:
  # the database
  influx:              # of the office
    # where
    url: http://127.0.0.1:8086
    database: perwatt   # its name

prices: { difficulty: 150e12 }
feeds:
  - mempool: { url: https://mempool.example }
  - bitcoinNode:
      url: http://127.0.0.1:8332   # own
      cookieFile: /c
  - { fixed: { btcUsd: 1 } }
  - timeOfUse:
      timeZone: America/Chicago
      rates:
        - { months: [6], from: "14:00", to: "20:00", usdPerKwh: 0.11 }
      otherwise: 0.038
  # last
  - tickers:
workloads:
  - { name: mining, kind: mining, match: [{ poolUrl: "*" }] }
pools:
  - kind: ocean   # a pool
    name: acme
    every: 10m
    workload: mining
    address: bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq
alerts:
  rules:
    # heat
    hot:
      for: 1m   # quick
      raise: 95
      clear: 90
    stale-quote: { enabled: false }
    not-hashing:
  receivers:
    - name: ops
      webhook: { url: "https://h.example/a", secret: ${SECRET} }
    - webhook:
        url: https://h.example/b
        secret: ${SECRET}
      name: night
# end
`

const TODAY = `# our site
site: { id: plains-1 }   # keep
store:
  # the database
  store: influx              # of the office
  # where
  url: http://127.0.0.1:8086
  database: perwatt   # its name

prices: { difficulty: 150e12 }
feeds:
  - { feed: mempool, url: https://mempool.example }
  - feed: bitcoin-node
    url: http://127.0.0.1:8332   # own
    cookieFile: /c
  - { feed: fixed, btcUsd: 1 }
  - feed: time-of-use
    timeZone: America/Chicago
    rates:
      - { months: [6], from: "14:00", to: "20:00", usdPerKwh: 0.11 }
    otherwise: 0.038
  # last
  - feed: tickers
workloads:
  - { name: mining, kind: mining, match: [{ poolUrl: "*" }] }
pools:
  - pool: ocean   # a pool
    name: acme
    poll: 10m
    workload: mining
    address: bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq
alerts:
  rules:
    # heat
    - rule: hot
      for: 1m   # quick
      raise: 95
      clear: 90
    - { rule: stale-quote, enabled: false }
    - { rule: not-hashing }
  receivers:
    - name: ops
      channel: webhook
      url: "https://h.example/a"
      secret: ${SECRET}
    - channel: webhook
      url: https://h.example/b
      secret: ${SECRET}
      name: night
# end
`

describe('a configuration of the form before 0.1.0', () => {
  test('is brought into today’s form, each comment in its place', () => {
    expect(fromEarlierForm(EARLIER).text).toBe(TODAY)
  })

  test('is right then, and is not changed a second time', () => {
    expect(() => parseConfig(CollectorConfigSchema, TODAY, 'c.yaml')).not.toThrow()
    expect(fromEarlierForm(TODAY)).toEqual({ text: TODAY, changes: [] })
    expect(fromEarlierForm(EXAMPLE).changes).toEqual([])
  })

  test.each([
    ['store: { duckdb: { path: a.duckdb } }', 'store: { store: duckdb, path: a.duckdb }'],
    ['store:\n  duckdb:\n', 'store:\n  store: duckdb\n'],
    [
      'store:\n  duckdb: { path: a, memoryLimitMb: 9 }\n',
      'store:\n  store: duckdb\n  path: a\n  memoryLimitMb: 9\n',
    ],
    ['alerts: { rules: { hot: { raise: 90 } } }', 'alerts: { rules: [ { rule: hot, raise: 90 } ] }'],
    ['alerts:\n  rules: {}\n', 'alerts:\n  rules: {}\n'],
    ['feeds: [{ fixed: {} }, 7, [a]]', 'feeds: [{ feed: fixed }, 7, [a]]'],
    ['feeds: what', 'feeds: what'],
    ['a: [', 'a: ['],
  ])('of the form %j becomes %j', (before, now) => {
    expect(fromEarlierForm(before).text).toBe(now)
  })
})

describe('the limit of a silent owner, which the rule device-claimed had', () => {
  const of = (rules: string) => `alerts:\n  rules:\n${rules}`
  test.each([
    // a list of lines, with comments
    [
      of('    - rule: device-claimed # two agents\n      silentAfter: 5m # long\n      severity: critical\n'),
      of(
        '    - { rule: owner-silent, after: 5m }\n    - rule: device-claimed # two agents\n      severity: critical\n',
      ),
    ],
    [
      of('    - silentAfter: 5m\n      rule: device-claimed\n'),
      of('    - { rule: owner-silent, after: 5m }\n    - rule: device-claimed\n'),
    ],
    [
      of('    - { rule: device-claimed, silentAfter: 5m }\n'),
      of('    - { rule: owner-silent, after: 5m }\n    - { rule: device-claimed }\n'),
    ],
    [
      'alerts: { rules: [{ rule: hot }, { rule: device-claimed, silentAfter: 5m, for: 1m }] }',
      'alerts: { rules: [{ rule: hot }, { rule: owner-silent, after: 5m }, { rule: device-claimed, for: 1m }] }',
    ],
    // the other rule is there
    [
      of('    - rule: owner-silent\n      for: 10s\n    - rule: device-claimed\n      silentAfter: 5m\n'),
      of('    - rule: owner-silent\n      for: 10s\n      after: 5m\n    - rule: device-claimed\n'),
    ],
    [
      of('    - { rule: owner-silent, after: 9m }\n    - { rule: device-claimed, silentAfter: 5m }\n'),
      of('    - { rule: owner-silent, after: 9m }\n    - { rule: device-claimed }\n'),
    ],
    // the earliest form
    [
      of('    deviceClaimed:\n      silentAfter: 5m\n').replace('deviceClaimed', 'device-claimed'),
      of('    - { rule: owner-silent, after: 5m }\n    - rule: device-claimed\n'),
    ],
  ])('of %j becomes %j', (before, now) => {
    const { text, changes } = fromEarlierForm(before)
    expect(text).toBe(now)
    expect(changes.at(-1)).toMatchObject({
      path: expect.stringMatching(/^alerts\.rules\[\d\]\.silentAfter$/),
    })
    expect(fromEarlierForm(now)).toEqual({ text: now, changes: [] })
  })

  test('is told with where it stands now', () => {
    expect(fromEarlierForm('alerts: { rules: [{ rule: device-claimed, silentAfter: 5m }] }').changes).toEqual(
      [{ path: 'alerts.rules[0].silentAfter', now: 'after: 5m of the rule owner-silent' }],
    )
  })
})

describe('perwatt-collector convert', () => {
  let folder: string
  let file: string
  let printed: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'perwatt-convert-'))
    file = join(folder, 'collector.yaml')
    printed = ''
    const take = (text: unknown) => {
      printed += String(text)
      return true
    }
    vi.spyOn(process.stdout, 'write').mockImplementation(take)
    vi.spyOn(process.stderr, 'write').mockImplementation(take)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is named by the error of a file in the earlier form, and of no other', () => {
    writeFileSync(file, EARLIER)
    expect(() => loadCollectorConfig(file)).toThrow(`perwatt-collector convert --config ${file}`)
    writeFileSync(file, 'site: { id: 7 }\n')
    expect(() => loadCollectorConfig(file)).not.toThrow('perwatt-collector convert')
  })

  test('prints it, and leaves the file', () => {
    writeFileSync(file, EARLIER)
    convert({ config: file })
    expect(printed).toBe(TODAY)
    expect(readFileSync(file, 'utf8')).toBe(EARLIER)
  })

  test('with --write changes the file, keeps it as it was, and says each change', () => {
    writeFileSync(file, EARLIER)
    convert({ config: file, write: true })
    expect([readFileSync(file, 'utf8'), readFileSync(`${file}.before`, 'utf8')]).toEqual([TODAY, EARLIER])
    expect(printed).toContain('feeds[1].bitcoinNode is now feed: bitcoin-node')
    convert({ config: file, write: true })
    expect(printed).toContain('nothing was changed')
  })

  test('never overwrites a file that it kept before', () => {
    writeFileSync(file, EARLIER)
    writeFileSync(`${file}.before`, 'the first one')
    expect(() => convert({ config: file, write: true })).toThrow('not converted')
    expect(readFileSync(file, 'utf8')).toBe(EARLIER)
    expect(existsSync(`${file}.new`)).toBe(false)
  })
})
