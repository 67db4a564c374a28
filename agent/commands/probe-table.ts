import { table } from '../../protocol/kit/table.ts'
import type { Holder, Owner } from '../../protocol/owner.ts'
import type { Counters } from '../plugin/reading.ts'
import type { ProbedDevice } from './probe-view.ts'

const JOULES_PER_KWH = 3.6e6

const round = (value: number | undefined, unit: string, scale = 1, digits = 0): string =>
  value === undefined ? '-' : `${(value / scale).toFixed(digits)} ${unit}`
const whole = (value: number): string => Math.round(value).toLocaleString('en-US')

const nameOf = (owner: Owner): string => Object.values(owner).join(' ') || 'nobody'

/** The holders' names, each with its share unless it holds the whole device. */
function worksFor(holders: readonly Holder[]): string {
  const each = holders.map(({ owner, share, estimated }) => {
    const part = share > 0.999 ? '' : `${Math.round(share * 100)} %${estimated ? ' estimated' : ''} `
    return part + Object.values(owner).join(' ')
  })
  return each.join(', ') || '-'
}

/** The counters since the device's start: energy, then each owner's work and tokens, named where there are several. */
function countersText({ energyJ, byOwner = [] }: Counters = {}): string {
  const ofOwners = byOwner.map(({ owner, workDiff1, tokensIn, tokensInCached, tokensOut }) => {
    const parts = [
      ...(workDiff1 === undefined ? [] : [`work ${whole(workDiff1)}`]),
      ...(tokensIn === undefined ? [] : [`tokens in ${whole(tokensIn)}`]),
      ...(tokensInCached === undefined ? [] : [`cached ${whole(tokensInCached)}`]),
      ...(tokensOut === undefined ? [] : [`tokens out ${whole(tokensOut)}`]),
    ].join(', ')
    return byOwner.length > 1 && parts ? `${parts} for ${nameOf(owner)}` : parts
  })
  const energy = energyJ === undefined ? '' : `${(energyJ / JOULES_PER_KWH).toFixed(3)} kWh`
  return [energy, ...ofOwners].filter(Boolean).join('; ') || '-'
}

/** The devices of a probe that were asked, one line each. */
export function probeTable(devices: readonly ProbedDevice[]): string {
  const rows = devices
    .filter(({ state }) => state !== undefined)
    .map((d) => [
      d.deviceId,
      d.driver,
      d.model ?? '-',
      d.firmware ?? '-',
      d.state ?? '-',
      round(d.powerW, 'W'),
      d.powerBasis ?? '-',
      round(d.hashrateHs, 'TH/s', 1e12, 1),
      round(d.expectedHashrateHs, 'TH/s', 1e12, 1),
      d.utilizationRatio === undefined ? '-' : `${Math.round(d.utilizationRatio * 100)} %`,
      round(d.tempC, '°C'),
      d.boardsFitted === undefined ? '-' : `${d.boardsWorking ?? '?'}/${d.boardsFitted}`,
      worksFor(d.holders ?? []),
      countersText(d.counters),
      [...(d.algorithm === undefined ? [] : [`mines ${d.algorithm}`]), ...(d.faults ?? [])].join('; '),
    ])
  const head = [
    'device',
    'driver',
    'model',
    'firmware',
    'state',
    'power',
    'basis',
    'hashrate',
    'expected',
    'use',
    'temp',
    'boards',
    'works for',
    'counters',
    'faults',
  ]
  return table(head, rows)
}
