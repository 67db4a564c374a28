import { QUANTITIES, type Quantity } from '../../protocol/sample.ts'
import type { ProbedDevice } from './probe-view.ts'

const JOULES_PER_KWH = 3.6e6

/** How a figure is shown by the unit at the end of its name, the longest endings first. */
const UNITS: readonly (readonly [ending: string, unit: string, scale: number, digits: number])[] = [
  ['BytesPerS', 'kB/s', 1e3, 1],
  ['PerS', '/s', 1, 1],
  ['Bytes', 'GiB', 2 ** 30, 1],
  ['Ratio', '%', 0.01, 1],
  ['Rpm', 'rpm', 1, 0],
  ['Hs', 'TH/s', 1e12, 1],
  ['Hz', 'MHz', 1e6, 0],
  ['W', 'W', 1, 0],
  ['C', '°C', 1, 0],
  ['J', 'kWh', JOULES_PER_KWH, 3],
  ['S', 's', 1, 0],
]

/** A figure with its unit. A value that its usual scale would show as 0, such as a small miner's hashrate, keeps its digits. */
export function figure(name: string, value: number): string {
  const [, unit, scale, digits] = UNITS.find(([ending]) => name.endsWith(ending)) ?? ['', '', 1, 0]
  const scaled = value / scale
  const text = scaled !== 0 && Math.abs(scaled) < 1 ? scaled.toPrecision(3) : scaled.toFixed(digits)
  return unit ? `${text} ${unit}` : text
}

/** `boardTempC` is `board temp`: the unit stands behind the value. */
function wordsOf(name: string): string {
  const ending = UNITS.find(([e]) => name.endsWith(e))?.[0] ?? ''
  return name
    .slice(0, name.length - (ending === 'Ratio' ? 0 : ending.length))
    .replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)
    .trim()
}

/** The quantities that have a column of their own in the table. */
const IN_COLUMNS: ReadonlySet<Quantity> = new Set([
  'powerW',
  'hashrateHs',
  'utilizationRatio',
  'tempC',
  'boardsWorking',
  'boardsFitted',
])

/** What a device said beyond the table's columns, so that a person sees all that `--json` shows. */
export function furtherFigures(device: ProbedDevice): string {
  const {
    ratedPowerW,
    modelHashrateHs,
    modelPowerW,
    shares,
    counters = {},
    uncountedWork,
    location,
    tags,
  } = device
  const quantities = QUANTITIES.flatMap((name) => {
    const value = device[name]
    return value === undefined || IN_COLUMNS.has(name) ? [] : [`${wordsOf(name)} ${figure(name, value)}`]
  })
  const words = (name: string, text: string | undefined) => (text === undefined ? [] : [`${name} ${text}`])
  const place = Object.values(location ?? {}).join(' ')
  return [
    ...(uncountedWork ? ['work estimated: the API counts no accepted work'] : []),
    ...quantities,
    ...(ratedPowerW === undefined ? [] : [`rated power ${figure('ratedPowerW', ratedPowerW)}`]),
    ...(modelHashrateHs === undefined ? [] : [`model ${figure('modelHashrateHs', modelHashrateHs)}`]),
    ...(modelPowerW === undefined ? [] : [`model ${figure('modelPowerW', modelPowerW)}`]),
    ...(shares ? [sharesText(shares)] : []),
    ...(counters.energyPart === undefined
      ? []
      : [`its part of the counter ${figure('partRatio', counters.energyPart)}`]),
    ...words('counter refused', counters.refused?.join(' and ')),
    ...words('kind', device.kind),
    ...words('hardware id', device.hardwareId),
    ...words('at', place || undefined),
    ...words('neighbour', device.mac),
    ...words('address', device.address),
    ...words('computer', device.computer),
    ...words('host name', device.hostname),
    ...words('measures the', device.measures),
    ...words('metered by', device.meteredBy),
    ...words('generates', device.generates),
    ...Object.entries(tags ?? {}).map(([name, value]) => `${name}=${value}`),
  ].join(', ')
}

function sharesText({ accepted, rejected, difficulty }: NonNullable<ProbedDevice['shares']>): string {
  const refused = rejected === undefined ? '' : `, ${rejected} rejected`
  const each = difficulty === undefined ? '' : ` of difficulty ${difficulty}`
  return `${accepted} shares accepted${refused}${each}`
}
