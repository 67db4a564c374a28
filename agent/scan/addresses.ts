import { isIPv4 } from 'node:net'
import { UsageError } from '../../protocol/kit/errors.ts'

/** A range of IPv4 addresses as numbers; both ends belong to it. */
export interface AddressRange {
  first: number
  last: number
}

/** A scan of more addresses than this is more likely a typing error than a site. */
const MANY = 65_536

const OCTETS = /^\d{1,3}(\.\d{1,3}){3}$/
const toNumber = (address: string): number =>
  address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
const toAddress = (n: number): string => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join('.')

const block = (cidr: string): AddressRange => {
  const [base = '', bits = ''] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  const first = Math.floor(toNumber(base) / size) * size
  return { first, last: first + size - 1 }
}

/** Addresses that are not public: RFC 1918, RFC 6598 (shared), RFC 3927 (link-local) and loopback. */
const LOCAL = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
].map(block)
/** No machine can have one of these: this network, multicast, reserved and broadcast (RFC 6890). */
const UNUSABLE = ['0.0.0.0/8', '224.0.0.0/3'].map(block)

const within = (inner: AddressRange, outer: AddressRange): boolean =>
  inner.first >= outer.first && inner.last <= outer.last
const touches = (a: AddressRange, b: AddressRange): boolean => a.first <= b.last && b.first <= a.last

/** @param text `10.0.3.7`, `10.0.0.0/22`, `10.0.3.10-10.0.3.99` or `10.0.3.10-99` @throws UsageError */
export function parseRange(text: string): AddressRange {
  const wrong = (what: string) =>
    new UsageError([`${text}: ${what}; expected such as 10.0.3.7, 10.0.0.0/22 or 10.0.3.10-10.0.3.99 (IPv4)`])
  const [, begin = '', bits, end] = /^([\d.]+)(?:\/(\d{1,2})|-([\d.]+))?$/.exec(text) ?? []
  if (!isIPv4(begin)) throw wrong('is no range of addresses')
  if (bits !== undefined) {
    if (Number(bits) > 32) throw wrong(`/${bits} is no prefix length`)
    return block(`${begin}/${bits}`)
  }
  if (end === undefined) return { first: toNumber(begin), last: toNumber(begin) }
  // the end may be only its last octet
  const whole = OCTETS.test(end) ? end : begin.replace(/\d+$/, end)
  if (!isIPv4(whole)) throw wrong(`${end} is no address`)
  const range = { first: toNumber(begin), last: toNumber(whole) }
  if (range.last < range.first) throw wrong('ends before it begins')
  return range
}

/**
 * Parses ranges and merges those that overlap, in order of address.
 * @throws UsageError where a text is no range. Public addresses, and more than 65,536 addresses, are refused as well unless allowed,
 *   so that a typing error doesn't scan the internet.
 */
export function parseRanges(
  texts: readonly string[],
  allow: { public?: boolean; large?: boolean } = {},
): AddressRange[] {
  const ranges = texts.map((text) => {
    const range = parseRange(text)
    if (UNUSABLE.some((r) => touches(range, r)))
      throw new UsageError([`${text}: has addresses that no machine can have (0.x, 224.x and above)`])
    if (!allow.public && !LOCAL.some((r) => within(range, r)))
      throw new UsageError([
        `${text}: has public addresses; check it, and add --public if they belong to the site`,
      ])
    return range
  })
  const merged: AddressRange[] = []
  for (const range of ranges.sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1)
    if (before && range.first <= before.last + 1) before.last = Math.max(before.last, range.last)
    else merged.push({ ...range })
  }
  const count = countOf(merged)
  if (count > MANY && !allow.large)
    throw new UsageError([
      `${texts.join(' ')}: ${count} addresses; check the prefix length, and add --yes-really-large if it is right`,
    ])
  return merged
}

export const countOf = (ranges: readonly AddressRange[]): number =>
  ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)

export function* addressesOf(ranges: readonly AddressRange[]): Generator<string, void> {
  for (const { first, last } of ranges) for (let n = first; n <= last; n++) yield toAddress(n)
}

export const covers = (ranges: readonly AddressRange[], address: string): boolean => {
  const n = toNumber(address)
  return ranges.some(({ first, last }) => n >= first && n <= last)
}
