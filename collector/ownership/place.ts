import type { DeviceKind } from '../../protocol/device.ts'

/**
 * Ports that every machine of a kind answers on, so that they tell no machines apart. Other ports lead to several machines behind one
 * address. A meter's port stays: one gateway has a meter behind each.
 */
const USUAL_PORTS: Readonly<Partial<Record<DeviceKind, readonly string[]>>> = {
  asic: ['4028', '4433', '80', '443'],
  host: ['80', '443', '623'],
}
/** The ports that a URL does not write. */
const SCHEME = /^(https?):\/\//i
const SCHEME_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

/** An address with its port and the rest: `[2001:db8::7]:4028`, `10.0.0.7:4028/metrics`, `rig-7`. */
const BRACKETED = /^\[([^\]]+)\](?::(\d+))?(.*)$/
const PLAIN = /^([^:/]+)(?::(\d+))?(\/.*)?$/

/**
 * A device's address in one spelling: agents of other versions, and other programs, write the port that every machine has, capitals, or
 * another form of an IPv6 address. What stands around the address stays: the computer's id, the unit, the network's name.
 */
export const placeText = (kind: DeviceKind, address: string): string =>
  address
    .trim()
    .split(/\s+/)
    .map((word) => (/^@|=/.test(word) ? word : wordText(kind, word)))
    .join(' ')

function wordText(kind: DeviceKind, text: string): string {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase()
  const word = text.replace(SCHEME, '')
  // an IPv6 address without brackets has no port
  const [, host, port = scheme && SCHEME_PORTS[scheme], rest = ''] =
    (isIpv6(word) ? [word, word] : (BRACKETED.exec(word) ?? PLAIN.exec(word))) ?? []
  if (host === undefined) return word
  const kept = port === undefined || USUAL_PORTS[kind]?.includes(port) ? '' : `:${port}`
  const name = hostText(host)
  // brackets only where a port follows: that is how agents write it
  return `${name.includes(':') && kept ? `[${name}]` : name}${kept}${rest === '/' ? '' : rest}`
}

function hostText(host: string): string {
  const name = host.toLowerCase().replace(/%.*$/, '').replace(/\.$/, '')
  if (!isIpv6(name)) return name
  const plain = new URL(`http://[${name}]`).hostname.slice(1, -1)
  // an IPv4 address in IPv6's form
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain)
  if (!mapped) return plain
  const [high = 0, low = 0] = mapped.slice(1).map((part) => Number.parseInt(part, 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

const isIpv6 = (text: string): boolean =>
  (text.match(/:/g)?.length ?? 0) > 1 && URL.canParse(`http://[${text.replace(/%.*$/, '')}]`)
