import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { z } from 'zod'
import { PerwattError } from '../errors.ts'

/**
 * Guards requests to addresses from a configuration against server-side request forgery: such a request must not reach the
 * site's own network, neither by a literal address nor by a name that later resolves to a private one.
 */

/** Refused whatever `allowPrivate` says: link-local, "this host", multicast, and the metadata services of clouds. */
const NEVER = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255/32',
  // metadata services of Azure, Alibaba and Oracle: not link-local, so listed one by one
  '168.63.129.16/32',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '::/128',
  'fe80::/10',
  'ff00::/8',
  // metadata services of AWS, Google and Scaleway
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
  'fd00:42::42/128',
]

/** Refused unless `allowPrivate` holds the range: not public, or IPv6 forms that wrap an IPv4 address (mapped, NAT64, 6to4, Teredo). */
const PRIVATE = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fec0::/10',
]

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')

function blockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [network = '', bits] = cidr.split('/')
    list.addSubnet(network, Number(bits), family(network))
  }
  return list
}

const never = blockList(NEVER)
const notPublic = blockList(PRIVATE)

const isCidr = (text: string): boolean => {
  const [, network = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  return isIP(network) !== 0 && Number(bits) <= (isIP(network) === 4 ? 32 : 128)
}
export const CidrSchema = z.string().refine(isCidr, 'expected a range such as 10.20.0.0/16')

/** @returns why an IP address is refused, with what to do next; undefined where it may be connected to */
export type AddressGuard = (address: string) => string | undefined

/** A guard that passes public addresses, and private ones within `allowPrivate` (CIDRs). */
export function addressGuard(allowPrivate: readonly string[]): AddressGuard {
  const allowed = blockList(allowPrivate)
  return (address) => {
    const kind = family(address)
    if (never.check(address, kind))
      return `${address} is never asked (link-local, metadata or multicast); give another address`
    if (notPublic.check(address, kind) && !allowed.check(address, kind))
      return `${address} is not a public address; add its range to allowPrivate if you mean it`
    return undefined
  }
}

/**
 * The host of a URL where it is an IP address, else undefined. WHATWG URL parsing normalises disguised ones, such as 0x7f.1.
 */
export function literalAddress(url: string): string | undefined {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  return isIP(host) ? host : undefined
}

/**
 * Node's DNS lookup with a guard: it fails where any address of the name is refused. The connection uses the very addresses
 * that were checked, so a name that changes between check and use (DNS rebinding) is refused too. A literal address never
 * reaches a lookup: check it by `literalAddress`.
 */
export const guardedLookup =
  (guard: AddressGuard, lookup: LookupFunction = systemLookup as LookupFunction): LookupFunction =>
  (hostname, options, callback) =>
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, [])
      const addresses = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found
      const refused = addresses.map(({ address }) => guard(address)).find((reason) => reason !== undefined)
      const [first] = addresses
      if (refused || !first)
        return callback(
          new PerwattError(
            'refused-address',
            `${hostname}: ${refused ?? 'has no address; check the name and DNS'}`,
          ),
          [],
        )
      if (options.all) return callback(null, addresses)
      return callback(null, first.address, first.family)
    })
