import { describe, expect, it } from 'vitest'
import { firstPlace, placePattern } from '../../../agent/scan/places.ts'
import { parsePlaces } from '../../../agent/scan/places-csv.ts'

describe('a pattern', () => {
  it.each([
    ['10.0.{container}.{slot}', '10.0.3.7', { container: '3', slot: '7' }],
    ['10.0.{container:C00}.{slot:S00-10}', '10.0.3.17', { container: 'C03', slot: 'S07' }],
    ['10.{container}.{rack:R0}.{slot:00}', '10.2.1.7', { container: '2', rack: 'R1', slot: '07' }],
    ['10.0.{rack:R00+1}.*', '10.0.0.99', { rack: 'R01' }],
  ])('%s reads %s', (pattern, host, location) =>
    expect(placePattern(pattern)({ host })).toEqual({ location }),
  )

  it('knows nothing of addresses that it doesn’t fit', () => {
    const places = placePattern('10.0.{container}.{slot:S00-10}')
    expect(['10.1.3.17', '10.0.3.9'].map((host) => places({ host }))).toEqual([undefined, undefined])
  })

  it.each(['10.0.{container}', '10.0.{shelf}.{slot}', '10.0.{slot:0x}.1', '10.0.3.7/22'])(
    'is not %s, and says what it can be',
    (pattern) =>
      expect(() => placePattern(pattern)).toThrow(/^--place .*expected such as 10\.0\.\{container:C00\}/),
  )
})

describe('a CSV of places', () => {
  const CSV = `mac,address,container,rack,slot,id
02:00:5e:00:00:01,,C01,R01,S01,c01-r01-s01
,10.0.3.7,C03,,S07,

02-00-5E-00-00-02,10.0.3.8,"C ""north"", 2",,,
`
  const places = parsePlaces(CSV, 'places.csv')

  it('knows a machine by its MAC, however that is written and wherever the machine is', () => {
    const place = { id: 'c01-r01-s01', location: { container: 'C01', rack: 'R01', slot: 'S01' } }
    expect(places({ host: '10.9.9.9', hardwareId: '02005E000001' })).toEqual(place)
    expect(places({ host: '10.9.9.9', hardwareId: '02:00:5E:00:00:02' })).toEqual({
      location: { container: 'C "north", 2' },
    })
  })

  it('knows a machine by its address where the row names no MAC', () => {
    expect(places({ host: '10.0.3.7', hardwareId: '02:00:5E:00:00:09' })).toEqual({
      location: { container: 'C03', slot: 'S07' },
    })
    expect(places({ host: '10.0.3.8', hardwareId: '02:00:5E:00:00:09' })).toBeUndefined()
  })

  it('may be divided by semicolons, and say serial numbers', () => {
    const german = parsePlaces('\uFEFFserial;slot\r\nabc123;S05\r\n', 'x.csv')
    expect(german({ host: '10.0.3.7', hardwareId: 'ABC123' })).toEqual({ location: { slot: 'S05' } })
  })

  it.each([
    ['mac,shelf\n', 'places.csv: line 1: there is no column shelf; expected'],
    ['mac,slot\n,S01\n', 'places.csv: line 2: names neither a mac nor an address'],
    ['mac,id\n02005E000001,rack 1\n', 'places.csv: line 2: rack 1 is no name of a device'],
    ['mac,id\n02005E000001,a,b\n', 'places.csv: line 2: b has no column'],
  ])('says which line is wrong: %j', (text, message) =>
    expect(() => parsePlaces(text, 'places.csv')).toThrow(message),
  )

  it('goes before a pattern, which says what it leaves open', () => {
    const both = firstPlace([
      parsePlaces('address,id\n10.0.3.7,old-faithful\n', 'x'),
      placePattern('10.0.*.{slot}'),
    ])
    expect(both({ host: '10.0.3.7' })).toEqual({ id: 'old-faithful', location: { slot: '7' } })
    expect(both({ host: '10.0.3.8' })).toEqual({ location: { slot: '8' } })
    expect(both({ host: '10.1.3.8' })).toBeUndefined()
  })
})
