import type { DeviceKind } from '../../protocol/device.ts'

/**
 * Ports that every machine of a kind answers on, so that they tell no machines apart. Other ports lead to several machines behind one
 * address. A meter's port stays: one gateway has a meter behind each.
 */
const USUAL_PORTS: Readonly<Partial<Record<DeviceKind, readonly string[]>>> = {
  // 50051: gRPC of Braiins OS; 8080 and 8443: HTTP APIs of Auradine and others, beside the socket's 4028
  asic: ['4028', '4433', '80', '443', '22', '8080', '8443', '50051'],
  host: ['80', '443', '623', '22'],
}
/** What a machine of a kind is asked for at its address, where that tells no machines apart; a host's path may choose one of several. */
const USUAL_PATH: Readonly<Partial<Record<DeviceKind, RegExp>>> = {
  asic: /^\/.*$/,
  service: /^\/(?:metrics\/?)?$/,
}
const NO_PATH = /^\/$/
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i
/** The ports that a URL of a scheme does not write (RFC 9110, 4251; the Modbus/TCP and SNMP registrations at IANA). */
const SCHEME_PORTS: Readonly<Record<string, string>> = {
  http: '80',
  https: '443',
  ssh: '22',
  modbus: '502',
  snmp: '161',
}

/** An address and its port: `[2001:db8::7]:4028`, `10.0.0.7:4028`, `rig-7`. */
const BRACKETED = /^\[([^\]]+)\](?::(\d*))?$/
const PLAIN = /^([^:]+)(?::(\d*))?$/
const LOOPBACK = /^(?:::1|localhost|localhost\.localdomain|ip6-localhost|ip6-loopback)$/
const IPV4_LIKE = /^[0-9a-fx]+(?:\.[0-9a-fx]+){1,3}$/

/**
 * A device's address in one spelling: agents of other versions, and other programs, write a scheme, a user, the port that every machine has,
 * capitals, or another form of an IP address. What stands around the address stays: the computer's id, the unit, the network's name.
 */
export function placeText(kind: DeviceKind, address: string): string {
  const words = address.trim().split(/\s+/)
  const end = words.findIndex((word) => word.startsWith('@') || word.includes('='))
  return words
    .map((word, i) => (end < 0 || i < end ? wordText(kind, word) : settingText(word)))
    .filter((word) => kind !== 'meter' || word !== USUAL_UNIT)
    .join(' ')
}

/** Which unit is asked where none is written (Modbus/TCP drivers). */
const USUAL_UNIT = 'unit=1'

/** A setting that chooses a machine behind an address: `unit=3`. */
const settingText = (word: string): string =>
  word.replace(/^([a-z]+)=0*(\d+)$/i, (_, name: string, number: string) => `${name.toLowerCase()}=${number}`)

function wordText(kind: DeviceKind, text: string): string {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase() ?? ''
  const word = text.replace(SCHEME, '').replace(/^\/\//, '')
  const slash = word.indexOf('/')
  const [reached, path] = slash < 0 ? [word, ''] : [word.slice(0, slash), word.slice(slash)]
  // whoever logs in, it is the same machine
  const authority = reached.slice(reached.lastIndexOf('@') + 1)
  // an IPv6 address without brackets has no port
  const [, host, digits] =
    (isIpv6(authority) ? [authority, authority] : (BRACKETED.exec(authority) ?? PLAIN.exec(authority))) ?? []
  if (host === undefined) return word
  const port = digits ? String(Number(digits)) : SCHEME_PORTS[scheme]
  const kept = port === undefined || USUAL_PORTS[kind]?.includes(port) ? '' : `:${port}`
  const name = hostText(host)
  const rest = (USUAL_PATH[kind] ?? NO_PATH).test(path) ? '' : path
  // brackets only where a port follows: that is how agents write it
  return `${name.includes(':') && kept ? `[${name}]` : name}${kept}${rest}`
}

function hostText(host: string): string {
  const name = host.toLowerCase().replace(/%.*$/, '').replace(/\.+$/, '')
  if (LOOPBACK.test(name)) return '127.0.0.1'
  if (!isIpv6(name)) return IPV4_LIKE.test(name) || /[^ -~]/.test(name) ? parsed(name) : name
  const plain = parsed(`[${name}]`).slice(1, -1)
  // an IPv4 address in IPv6's form
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain)
  if (!mapped) return plain === '::1' ? '127.0.0.1' : plain
  const [high = 0, low = 0] = mapped.slice(1).map((part) => Number.parseInt(part, 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** A host as the URL standard writes it: short, octal and hexadecimal forms of IPv4, and international names, have one spelling. */
const parsed = (host: string): string => {
  const url = `http://${host}/`
  return URL.canParse(url) ? new URL(url).hostname : host
}

const isIpv6 = (text: string): boolean =>
  (text.match(/:/g)?.length ?? 0) > 1 && URL.canParse(`http://[${text.replace(/%.*$/, '')}]`)
