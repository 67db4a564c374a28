import { describe, expect, it } from 'vitest'
import { collectorConfigSchema } from '../../../collector/config/config.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'

const schema = collectorConfigSchema([])
const read = (yaml: string) => parseConfig(schema, `site: { id: plains-1 }\n${yaml}`, 'collector.yaml')
const faults = (yaml: string): string => {
  try {
    read(yaml)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('the feeds of a configuration', () => {
  it('are each of one kind, with its defaults, and called by it where they have no name', () => {
    const { feeds } = read('feeds: [{ mempool: {} }, { name: exchanges, tickers: { exchanges: [kraken] } }]')
    expect(feeds).toMatchObject([
      { name: 'mempool', kind: 'mempool', settings: { url: 'https://mempool.space', poll: 300_000 } },
      { name: 'exchanges', kind: 'tickers', settings: { exchanges: ['kraken'], maxOffRatio: 0.02 } },
    ])
  })

  it.each([
    ['of no kind', 'feeds: [{ name: a }]', 'feeds[0]: expected exactly one of bitcoinNode, fixed, httpPrice'],
    ['of two kinds', 'feeds: [{ mempool: {}, tickers: {} }]', 'feeds[0]: expected exactly one of'],
    ['of an unknown kind', 'feeds: [{ oracle: {} }]', 'feeds[0].oracle: is not a setting here'],
    ['with one name for two', 'feeds: [{ mempool: {} }, { mempool: {} }]', 'feeds[1].name: mempool is taken'],
    [
      'with the name of the typed prices',
      'feeds: [{ name: configuration, mempool: {} }]',
      'configuration is taken',
    ],
    [
      'in a private network that nobody allowed',
      'feeds: [{ mempool: { url: "http://10.0.0.9" } }]',
      'feeds[0].mempool.url: 10.0.0.9 is not a public address; add its range to allowPrivate',
    ],
    [
      'without credentials',
      'feeds: [{ bitcoinNode: {} }]',
      'expected a user and a password, or a cookieFile',
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
  - timeOfUse:
      timeZone: America/Chicago
      rates:
        - { weekdays: [mon, tue], from: "14:00", to: "20:00", usdPerKwh: 0.12 }
      otherwise: 0.04
`)
    expect(feeds[0]?.settings).toMatchObject({ rates: [{ from: 840, to: 1200 }] })
  })
})

describe('the display currency', () => {
  it('is USD, or three letters', () => {
    expect(read('').site.currency).toBe('USD')
    expect(faults('mqtt: {}\nsite: { id: a, currency: euro }')).not.toBe('')
  })
})
