import { describe, expect, it } from 'vitest'
import { addressesOf, countOf, covers, parseRange, parseRanges } from '../../../agent/scan/addresses.ts'

const list = (...texts: string[]) => [...addressesOf(parseRanges(texts))]

describe('what to scan', () => {
  it('is single addresses, CIDR blocks and ranges', () => {
    expect(list('10.0.3.7')).toEqual(['10.0.3.7'])
    expect(list('192.168.1.254/31')).toEqual(['192.168.1.254', '192.168.1.255'])
    expect(list('10.0.3.254-10.0.4.1')).toEqual(['10.0.3.254', '10.0.3.255', '10.0.4.0', '10.0.4.1'])
    expect(list('10.0.3.10-12')).toEqual(['10.0.3.10', '10.0.3.11', '10.0.3.12'])
    expect(countOf(parseRanges(['10.0.0.0/22']))).toBe(1024)
  })

  it('takes a block by any of its addresses', () => {
    expect(parseRange('10.0.3.7/22')).toEqual(parseRange('10.0.0.0/22'))
  })

  it('has each address once, however often it is named', () => {
    expect(list('10.0.3.8-9', '10.0.3.7/32', '10.0.3.8/31')).toEqual(['10.0.3.7', '10.0.3.8', '10.0.3.9'])
  })

  it('knows what it covers', () => {
    const ranges = parseRanges(['10.0.3.0/24', '10.0.9.1'])
    expect(
      ['10.0.2.255', '10.0.3.0', '10.0.3.255', '10.0.4.0', '10.0.9.1'].map((a) => covers(ranges, a)),
    ).toEqual([false, true, true, false, true])
  })

  it.each(['10.0.3', '10.0.3.256', '10.0.3.7/33', 'rack3', '10.0.3.9-8', '10.0.3.9-300', 'fd00::1', ''])(
    'is not %s, and says what it can be',
    (text) => expect(() => parseRanges([text])).toThrow(/expected such as 10\.0\.3\.7, 10\.0\.0\.0\/22/),
  )

  it.each(['192.0.2.1', '9.255.255.255-10.0.0.1', '172.32.0.1', '11.0.0.0/22', '0100.1.1.1'])(
    'is no public address by mistake: %s',
    (text) => expect(() => parseRanges([text])).toThrow(/--public|is no range/),
  )

  it.each(['10.1.2.3', '172.31.255.255', '192.168.0.1', '100.64.0.1', '169.254.1.1', '127.0.0.1'])(
    'is where a site’s machines are: %s',
    (text) => expect(list(text)).toEqual([text]),
  )

  it('is a public address where one says so, but never one that no machine can have', () => {
    expect(countOf(parseRanges(['192.0.2.0/24'], { public: true }))).toBe(256)
    for (const text of ['224.0.0.1', '255.255.255.255', '0.0.0.0/8', '0.0.0.0/0'])
      expect(() => parseRanges([text], { public: true, large: true })).toThrow(/no machine can have/)
  })

  it('is at most 65,536 addresses in all, unless the operator confirms a larger range', () => {
    expect(countOf(parseRanges(['10.0.0.0/16']))).toBe(65_536)
    expect(() => parseRanges(['10.0.0.0/16', '10.1.0.0'])).toThrow(/65537 addresses.*--yes-really-large/)
    expect(countOf(parseRanges(['10.0.0.0/8'], { large: true }))).toBe(2 ** 24)
  })
})
