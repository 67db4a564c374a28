import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { Device } from '../../protocol/device.ts'
import type { DeviceConfig } from '../config/device-config.ts'
import { placeOf } from '../config/device-place.ts'
import type { Driver } from '../plugin/driver.ts'
import { computerId } from '../wire/computer-id.ts'
import { arpTable, ownMacs } from './arp-table.ts'

/** What the agent itself knows of a device's identity, beside what the device tells. */
export type Place = Pick<Device, 'mac' | 'address' | 'computer' | 'hostname'>

/** A name is resolved again, and the neighbours are read again, after this. */
const RENEW_MS = 60_000
const THIS_COMPUTER = /^(?:127\.0\.0\.1|::1|localhost)$/
const LOOPBACK = /^(?:127\.|::1$|localhost$)/

export interface DevicePlacesOptions {
  drivers: readonly Driver[]
  /** name of the private network that the addresses belong to */
  network?: string | undefined
  /** id of the agent's own computer; absent: not known */
  computer?: string | undefined
  hostname: string
  /** steady clock, ms */
  nowMs: () => number
  /** the address of a host name; undefined where it has none */
  resolve?: (name: string) => Promise<string | undefined>
  /** text of the ARP table */
  neighbours?: () => Promise<string>
}

const firstAddress = async (name: string): Promise<string | undefined> => {
  const found = await lookup(name, { all: true }).catch(() => [])
  // of a machine with both, the address that other agents usually configure
  return (found.find(({ family }) => family === 4) ?? found[0])?.address
}

/** Where each device is reached: so that the collector sees when two agents read one machine, whatever they call it. */
export class DevicePlaces {
  readonly #o: DevicePlacesOptions
  readonly #addresses = new Map<string, { address?: string | undefined; askedMs: number }>()
  #macs: ReadonlyMap<string, string> = new Map()
  #macsReadMs = Number.NEGATIVE_INFINITY

  constructor(options: DevicePlacesOptions) {
    this.#o = options
  }

  /** Of an agent on this computer. */
  static async here(options: Omit<DevicePlacesOptions, 'computer' | 'hostname'>): Promise<DevicePlaces> {
    return new DevicePlaces({ ...options, computer: await computerId(), hostname: hostname() })
  }

  /** What is known now. Names and neighbours are looked up beside: the next call knows them. */
  of(config: DeviceConfig): Place {
    const { drivers, network, computer, hostname } = this.#o
    const { kind, host, behind } = placeOf(config, drivers)
    const here = { hostname, ...(computer !== undefined && { computer }) }
    if (host === undefined)
      return { ...here, ...(computer !== undefined && { address: `${computer}${behind}` }) }
    const address = this.#resolved(host)
    const own = THIS_COMPUTER.test(host) ? here : {}
    if (address === undefined) return own
    const text = `${address}${behind}`
    if (LOOPBACK.test(address))
      return computer === undefined ? own : { ...own, address: `${computer} ${text}` }
    // behind an address with ports or units there are several machines
    const mac = behind === '' && (kind === 'asic' || kind === 'host') ? this.#neighbour(address) : undefined
    return {
      ...own,
      address: network === undefined ? text : `${text} @${network}`,
      ...(mac !== undefined && { mac }),
    }
  }

  #resolved(host: string): string | undefined {
    if (isIP(host)) return host
    const name = host.toLowerCase()
    const nowMs = this.#o.nowMs()
    const known = this.#addresses.get(name)
    if (!known || nowMs - known.askedMs >= RENEW_MS) {
      this.#addresses.set(name, { ...known, askedMs: nowMs })
      void (this.#o.resolve ?? firstAddress)(name).then((address) => {
        // a name server that fails takes nothing away
        if (address !== undefined) this.#addresses.set(name, { address, askedMs: nowMs })
      })
    }
    return known?.address
  }

  #neighbour(address: string): string | undefined {
    const nowMs = this.#o.nowMs()
    if (nowMs - this.#macsReadMs >= RENEW_MS) {
      this.#macsReadMs = nowMs
      void (this.#o.neighbours ?? arpTable)().then((table) => {
        this.#macs = ownMacs(table)
      })
    }
    return this.#macs.get(address)
  }
}
