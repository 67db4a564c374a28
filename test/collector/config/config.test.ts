import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { CollectorConfigSchema } from '../../../collector/config/config.ts'
import { EXAMPLE } from '../../../collector/config/example.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'
import type { UsageError } from '../../../protocol/kit/errors.ts'

const parse = (text: string) => parseConfig(CollectorConfigSchema, text, 'collector.yaml')

describe('the example configuration', () => {
  test('is right as it is printed', () => {
    const { store, alerts, feeds, pools } = parse(EXAMPLE)
    expect(store).toMatchObject({ store: 'duckdb', memoryLimitMb: 256 })
    expect(alerts.rules).toMatchObject([{ rule: 'hot', for: 60_000, raise: 95 }])
    expect(alerts.receivers).toMatchObject([{ channel: 'webhook', name: 'ops' }])
    expect({ feeds, pools }).toEqual({ feeds: [], pools: [] })
  })

  test('shows feeds that are right once their # is taken away', () => {
    const from = EXAMPLE.indexOf('\nfeeds: []')
    const part = EXAMPLE.slice(from, EXAMPLE.indexOf('\n# What earns', from))
    const feeds = part.replace('feeds: []', 'feeds:').replace(/^ {2}# /gm, '  ')
    process.env['KEY'] = 'a-key-of-this-test'
    expect(parse(`site: { id: a }\n${feeds}`).feeds.map(({ feed }) => feed)).toEqual([
      'bitcoin-node',
      'mempool',
      'tickers',
      'time-of-use',
      'price-csv',
      'http-price',
    ])
  })
})

describe('two listeners', () => {
  const both = (mqtt: string, http: string) =>
    parse(`site: { id: a }\nmqtt: { embedded: ${mqtt} }\nhttp: ${http}`)

  test.each([
    ['{ port: 8080 }', '{}'],
    ['{ port: 9000 }', '{ port: 9000 }'],
    ['{ port: 9000, host: 0.0.0.0, password: p }', '{ port: 9000 }'],
    ['{ port: 9000 }', '{ port: 9000, host: "::", token: t }'],
  ])('on one port are refused: broker %s, screens %s', (mqtt, http) => {
    expect(() => both(mqtt, http)).toThrow(/mqtt\.embedded\.port: is http\.port too/)
  })

  test.each([
    ['{ port: 9000, host: 127.0.0.2 }', '{ port: 9000 }'],
    ['{}', '{}'],
  ])('on two addresses or ports are right: broker %s, screens %s', (mqtt, http) => {
    expect(() => both(mqtt, http)).not.toThrow()
  })
})

describe('the broker', () => {
  const wrong = (mqtt: string) => {
    try {
      parse(`site: { id: a }\nmqtt: ${mqtt}`)
    } catch (error) {
      return (error as UsageError).lines.map((line) => line.replace('collector.yaml: ', ''))
    }
    throw new Error(`${mqtt}: nothing was wrong`)
  }
  const YOURS = 'at a broker of your own'
  const empty = join(mkdtempSync(join(tmpdir(), 'perwatt-config-')), 'empty')
  writeFileSync(empty, '\n')
  afterAll(() => rmSync(dirname(empty), { recursive: true }))

  test.each([
    ['{}', ['mqtt: expected a broker: embedded: {}, or url: mqtt://broker.site:1883']],
    [
      '{ embedded: {}, password: p }',
      [
        `mqtt.password: is the password ${YOURS}; name that in url, or set embedded.password for the embedded broker`,
      ],
    ],
    [
      '{ embedded: {}, username: u }',
      [`mqtt.username: is a user ${YOURS}; name it in url, or leave username out`],
    ],
    [
      '{ url: "mqtt://user:hunter2@broker.site" }',
      [
        'mqtt.url: is an address with a user or a password in it; move them to username and password beside it',
      ],
    ],
    [
      '{ url: "http://user:hunter2@broker.site" }',
      expect.arrayContaining([
        'mqtt.url: expected an address such as mqtt://broker.site:1883, got http://[secret]@broker.site',
      ]),
    ],
    ['{ url: broker }', ['mqtt.url: expected an address such as mqtt://broker.site:1883, got broker']],
    [
      '{ url: "mqtt://broker.site", username: "" }',
      ['mqtt.username: expected a length of at least 1, got ""'],
    ],
    [
      `{ embedded: { password: { file: ${empty} } } }`,
      [`mqtt.embedded.password.file: ${empty} is empty; write the secret into it`],
    ],
    [
      `{ embedded: { password: ${'x'.repeat(65_536)} } }`,
      ['mqtt.embedded.password: expected at most 65535 bytes; is it the right file?, got [secret]'],
    ],
  ])('a login that cannot work is named before it runs: %s', (mqtt, lines) => {
    const said = wrong(mqtt)
    expect(said).toEqual(lines)
    expect(said.join()).not.toContain('hunter2')
  })

  test.each([
    '{ embedded: { password: p } }',
    '{ url: "mqtt://b", password: p }',
    '{ url: "mqtt://b", username: u }',
  ])('a login that works is right: %s', (mqtt) =>
    expect(parse(`site: { id: a }\nmqtt: ${mqtt}`).mqtt).toBeDefined(),
  )
})

describe('what other machines can reach', () => {
  const faults = (config: object) => {
    const { error } = CollectorConfigSchema.safeParse({ site: { id: 'a' }, ...config })
    return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
  }
  const PLACES = ['0.0.0.0', '::', '192.0.2.7', '2001:db8::7', 'collector.example']
  const HERE = ['127.0.0.1', '127.11.0.3', '::1', 'localhost']

  test.each(PLACES)('a broker on %s needs a password', (host) => {
    expect(faults({ mqtt: { embedded: { host } } })).toEqual([
      `mqtt.embedded.password: expected a password, because ${host} can be reached from other machines, and without one anybody there could send records in an agent’s name; set one, or host: 127.0.0.1`,
    ])
    expect(faults({ mqtt: { embedded: { host, password: 'p' } } })).toEqual([])
  })

  test.each(PLACES)('screens on %s need a token', (host) => {
    expect(faults({ http: { host } })).toEqual([
      `http.token: expected a token, because ${host} can be reached from other machines, and without one anybody there could read the books and push prices; set one, or host: 127.0.0.1`,
    ])
    expect(faults({ http: { host, token: 't' } })).toEqual([])
  })

  test.each(HERE)('on %s neither is asked for', (host) => {
    expect(faults({ mqtt: { embedded: { host } }, http: { host } })).toEqual([])
  })
})
