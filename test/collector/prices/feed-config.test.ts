import { describe, expect, it } from 'vitest'
import { CollectorConfigSchema } from '../../../collector/config/config.ts'
import { FEEDS } from '../../../collector/feeds/index.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'

const read = (yaml: string) =>
  parseConfig(CollectorConfigSchema, `site: { id: plains-1 }\n${yaml}`, 'collector.yaml')
const faults = (yaml: string): string => {
  try {
    read(yaml)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

const ALL = FEEDS.map(({ name }) => name).join(', ')

describe('the feeds of a configuration', () => {
  it('are each of one kind, with its defaults, and called by it where they have no name', () => {
    const { feeds } = read(
      'feeds: [{ feed: mempool }, { feed: tickers, name: exchanges, exchanges: [kraken] }]',
    )
    expect(feeds).toMatchObject([
      { feed: 'mempool', name: 'mempool', url: 'https://mempool.space', poll: 300_000 },
      { feed: 'tickers', name: 'exchanges', exchanges: ['kraken'], maxOffRatio: 0.02 },
    ])
  })

  it.each([
    [
      'without a word for which it is',
      'feeds: [{ mempool: {} }]',
      `feeds[0].feed: is missing; expected one of ${ALL}`,
    ],
    [
      'where there is none of the name',
      'feeds: [{ feed: oracle }]',
      `feeds[0].feed: expected one of ${ALL}, got oracle`,
    ],
    [
      'as a mere name',
      'feeds: [mempool]',
      `feeds[0]: expected a mapping such as { feed: ${FEEDS[0]?.name} }`,
    ],
    ['as no list', 'feeds: { feed: mempool }', 'feeds: expected a list such as [{ feed: mempool }]'],
    [
      'with a setting of another feed',
      'feeds: [{ feed: mempool, exchanges: [kraken] }]',
      'feeds[0].exchanges: is not a setting here',
    ],
    [
      'called like a price, which it would not publish',
      'feeds: [{ feed: http-price, name: fx.EUR, url: "https://rates.example", path: "$.eur" }]',
      'feeds[0].name: fx.EUR is the name of a price; say which price it is with quote: fx.EUR, and call the feed otherwise',
    ],
    [
      'with one name for two',
      'feeds: [{ feed: mempool }, { feed: mempool }]',
      'feeds[1].name: mempool is taken',
    ],
    [
      'with the name of the typed prices',
      'feeds: [{ feed: mempool, name: configuration }]',
      'configuration is taken',
    ],
    [
      'in a private network that nobody allowed',
      'feeds: [{ feed: mempool, url: "http://10.0.0.9" }]',
      'feeds[0].url: 10.0.0.9 is not a public address; add its range to allowPrivate',
    ],
    [
      'without credentials',
      'feeds: [{ feed: bitcoin-node }]',
      'feeds[0]: expected username and password, or cookieFile',
    ],
  ])('are refused %s, with the place', (_, yaml, fault) => {
    expect(faults(yaml)).toContain(fault)
  })

  it('may be none: a site without internet lives from typed and pushed prices', () => {
    expect(read('prices: { energyUsdPerKwh: 0.045, fx: { EUR: 0.92 } }')).toMatchObject({
      feeds: [],
      prices: { energyUsdPerKwh: 0.045, fx: { EUR: 0.92 } },
    })
  })

  it('have a tariff’s hours from YAML as they are written', () => {
    const { feeds } = read(`feeds:
  - feed: time-of-use
    timeZone: America/Chicago
    rates:
      - { weekdays: [mon, tue], from: "14:00", to: "20:00", usdPerKwh: 0.12 }
    otherwise: 0.04
`)
    expect(feeds[0]).toMatchObject({ rates: [{ from: 840, to: 1200 }] })
  })
})

describe('the display currency', () => {
  it('is USD, or three letters', () => {
    expect(read('').site.currency).toBe('USD')
    expect(faults('mqtt: {}\nsite: { id: a, currency: euro }')).not.toBe('')
  })
})
