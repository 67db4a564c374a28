import type { DeviceKind } from '../../protocol/device.ts'
import type { Driver } from '../plugin/driver.ts'
import { hardwareKey } from '../wire/loose-json/hardware-id.ts'
import type { DeviceConfig } from './device-config.ts'

/** Where a device is, as its settings say: the same for two entries that read one machine. */
export interface ConfiguredPlace {
  kind: DeviceKind
  /** host name or address; absent: the agent's own computer */
  host?: string
  /** what tells machines behind one address apart: a port, a unit number; empty where the address is the machine's own */
  behind: string
}

const AUTO_PORTS = { port: 4028, webPort: 80 }
const URL_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }
/** Settings that choose one of several machines behind one address. */
const CHOOSING = ['unit', 'chassis', 'resource', 'oids'] as const
/** Settings that don't say what is read. */
const ABOUT_OWNERS = 'owners'

export function placeOf(config: DeviceConfig, drivers: readonly Driver[]): ConfiguredPlace {
  const driver = drivers.find(({ name }) => name === config.driver)
  const kind = driver?.kind ?? 'asic'
  const url = typeof config['url'] === 'string' ? new URL(config['url']) : undefined
  const host = url?.hostname.replace(/^\[(.*)\]$/, '$1') ?? config.host
  if (host === undefined) return { kind, behind: `/${config.driver}${ownSettings(config, driver)}` }
  // a miner answers on several ports: two drivers of one miner share its address, and ports other than its own lead to several miners
  if (kind === 'asic') return { kind, host, behind: forwardedPort(config, driver) }
  const chosen = CHOOSING.flatMap((name) =>
    config[name] === undefined ? [] : [` ${name}=${JSON.stringify(config[name])}`],
  )
  // a BMC is one machine, whether it is asked by Redfish or IPMI
  const port = kind === 'host' ? '' : portText(config, driver, url)
  return { kind, host, behind: port + chosen.join('') }
}

/**
 * What one connection at a time may be open to: a miner or a BMC on any of its ports, a meter or a gateway with several meters on one.
 * Undefined: a web server, which serves many at once, or the agent's own computer.
 */
export function connectionOf(config: DeviceConfig, drivers: readonly Driver[]): string | undefined {
  const { kind, host, behind } = placeOf(config, drivers)
  if (host === undefined || kind === 'gpu' || kind === 'service') return undefined
  if (kind !== 'meter') return `${host.toLowerCase()}${kind === 'asic' ? behind : ''}`
  const driver = drivers.find(({ name }) => name === config.driver)
  return `${host.toLowerCase()}${portText(config, driver, undefined)}`
}

/** A port of a miner that is not its own, as behind an address translation. */
function forwardedPort(config: DeviceConfig, driver: Driver | undefined): string {
  for (const name of ['port', 'webPort'] as const) {
    const usual = driver ? driver.settings.shape[name]?.safeParse(undefined).data : AUTO_PORTS[name]
    const port = config[name]
    if (typeof port === 'number' && port !== usual) return `:${port}`
  }
  return ''
}

function portText(config: DeviceConfig, driver: Driver | undefined, url: URL | undefined): string {
  if (url) return `:${url.port || URL_PORTS[url.protocol]}${url.pathname}${url.search}`
  const port = config.port ?? driver?.settings.shape['port']?.safeParse(undefined).data
  return port === undefined ? `/${config.driver}` : `:${port}`
}

/** The settings with which a driver reads its own computer, where they are not its usual ones. */
function ownSettings(config: DeviceConfig, driver: Driver | undefined): string {
  const usual = driver?.settings.safeParse({}).data as Record<string, unknown> | undefined
  const own = Object.keys(driver?.settings.shape ?? {})
    .filter((name) => name !== ABOUT_OWNERS)
    .map((name) => [name, JSON.stringify(config[name])] as const)
    .filter(([name, text]) => text !== undefined && text !== JSON.stringify(usual?.[name]))
  return own.map(([name, text]) => ` ${name}=${text}`).join('')
}

/** Entries that read one machine, as far as the configuration shows it: [index, index of the earlier one, what both have]. */
export function* repeatedMachines(
  devices: readonly DeviceConfig[],
  drivers: readonly Driver[],
): Generator<[number, number, string]> {
  const first = new Map<string, number>()
  for (const [i, device] of devices.entries()) {
    const { kind, host, behind } = placeOf(device, drivers)
    const keys = [[`${kind} ${host?.toLowerCase() ?? ''} ${behind}`, host ?? 'this computer']]
    if (device.hardwareId !== undefined)
      keys.push([`hardware ${hardwareKey(device.hardwareId)}`, device.hardwareId])
    for (const [key = '', text = ''] of keys) {
      const earlier = first.get(key)
      if (earlier !== undefined && mayBeOne(devices[earlier], device)) {
        yield [i, earlier, text]
        break
      }
      first.set(key, i)
    }
  }
}

/** Entries that expect different hardware at one address are two machines: scan follows them to their new addresses. */
const mayBeOne = (a: DeviceConfig | undefined, b: DeviceConfig): boolean =>
  a?.hardwareId === undefined ||
  b.hardwareId === undefined ||
  hardwareKey(a.hardwareId) === hardwareKey(b.hardwareId)
