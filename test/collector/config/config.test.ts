import { describe, expect, test } from 'vitest'
import { CollectorConfigSchema } from '../../../collector/config/config.ts'
import { EXAMPLE } from '../../../collector/config/example.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'

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
