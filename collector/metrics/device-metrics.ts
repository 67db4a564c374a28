import { type Column, columnLines, RowLabels } from '../../protocol/kit/metrics/columns.ts'
import { gauge, info } from '../../protocol/kit/metrics/family.ts'
import type { Format } from '../../protocol/kit/metrics/format.ts'
import type { DeviceFigures } from '../live/device-figures.ts'
import type { SiteDevice } from '../live/reading-columns.ts'
import { type Chosen, chosenDevices } from './chosen-devices.ts'
import type { MetricsConfig } from './config.ts'

/** Inventories that change meanwhile begin it again; a fleet that starts would else hold a page up for ever. */
const TRIES = 3

const LABELS = ['device', 'agent', 'kind'] as const
const figure = (name: string, unit: string, help: string) =>
  gauge(`perwatt_device_${name}_${unit}`, help, { unit, labels: LABELS })

export const DEVICE_FAMILIES = {
  device: info('perwatt_device', 'What the device is and where it stands', [
    ...LABELS,
    'driver',
    'model',
    'firmware',
    'container',
    'rack',
    'slot',
  ]),
  up: gauge('perwatt_device_up', '1: the device is heard and answers its agent; 0: it is not, or does not', {
    labels: LABELS,
  }),
  powerW: figure('power', 'watts', 'Power by the best source: its meter’s, else its own'),
  hashrateHs: figure('hashrate', 'hashes_per_second', 'Hashrate by the device’s own words'),
  utilizationRatio: figure('utilization', 'ratio', 'Utilisation'),
  tempC: figure('temperature', 'celsius', 'Temperature of the hottest chip'),
  revenueUsdPerH: figure('revenue', 'usd_per_hour', 'Revenue, less fees'),
  netUsdPerH: figure('net', 'usd_per_hour', 'Revenue less energy cost'),
}

/** Where the devices of the present snapshot come from. */
export interface DeviceSource {
  readonly siteDevices: readonly SiteDevice[]
  deviceFigures(rows: Uint32Array): DeviceFigures
}

/** The lines of the chosen devices. Their labels are kept as bytes from one page to the next, until an inventory changes. */
export class DeviceLines {
  readonly #source: DeviceSource
  readonly #choose: ReturnType<typeof chosenDevices>
  #kept: (Chosen & { of: readonly SiteDevice[]; labels: RowLabels; facts: RowLabels }) | undefined

  constructor(source: DeviceSource, { devices }: MetricsConfig) {
    this.#source = source
    this.#choose = chosenDevices(devices)
  }

  /**
   * Makes the labels, where an inventory has changed; until that is done others get their turn.
   * @returns what is on the page, or undefined where inventories change faster than that
   */
  async ready(): Promise<Chosen | undefined> {
    for (let tries = 0; tries < TRIES; tries++) {
      const devices = this.#source.siteDevices
      if (this.#kept?.of === devices) return this.#kept
      const chosen = this.#choose(devices)
      const { rows } = chosen
      const of = (row: number) => devices[rows[row] as number] as SiteDevice
      const labels = await RowLabels.of(rows.length, LABELS, (row) => namesOf(of(row)))
      const { device } = DEVICE_FAMILIES
      const facts = await RowLabels.of(rows.length, device.labels, (row) => factsOf(of(row)))
      this.#kept = { ...chosen, of: devices, labels, facts }
    }
    return this.#kept?.of === this.#source.siteDevices ? this.#kept : undefined
  }

  /** Call it at once when `ready` has resolved. All figures are of one moment, however slowly the pieces are taken. */
  lines(format: Format): Iterable<Buffer> {
    if (!this.#kept || this.#kept.rows.length === 0) return []
    const { rows, labels, facts } = this.#kept
    const figures = this.#source.deviceFigures(rows)
    const { device, ...families } = DEVICE_FAMILIES
    const columns: Column[] = Object.entries(families).map(([name, family]) => ({
      family,
      values: figures[name as keyof DeviceFigures],
    }))
    return both(
      columnLines([{ family: device, values: new Float64Array(rows.length).fill(1) }], facts, format),
      columnLines(columns, labels, format),
    )
  }
}

function* both<T>(...parts: Iterable<T>[]): Generator<T, void> {
  for (const part of parts) yield* part
}

const namesOf = ({ agentId, device }: SiteDevice): string[] => [device.deviceId, agentId, device.kind]

function factsOf(d: SiteDevice): string[] {
  const { driver, model = '', firmware = '', location = {} } = d.device
  const { container = '', rack = '', slot = '' } = location
  return [...namesOf(d), driver, model, firmware, container, rack, slot]
}
