import { table } from '../../protocol/kit/table.ts'
import type { Holder, Owner } from '../../protocol/owner.ts'
import type { Counters } from '../plugin/reading.ts'
import { figure, furtherFigures } from './probe-figures.ts'
import type { ProbedDevice } from './probe-view.ts'

const cell = (name: string, value: number | undefined): string =>
  value === undefined ? '-' : figure(name, value)
const percent = (share: number): string => `${Math.round(share * 100)} %`
const whole = (value: number): string => Math.round(value).toLocaleString('en-US')

const nameOf = (owner: Owner): string => Object.values(owner).join(' ') || 'nobody'

/** The holders' names, each with its share unless it holds the whole device. */
function worksFor(holders: readonly Holder[]): string {
  const each = holders.map(({ owner, share, energyShare, estimated }) => {
    const energy = energyShare === undefined ? '' : ` (${percent(energyShare)} of its energy)`
    const whole = share > 0.999 && !energy && !estimated
    const part = whole ? '' : `${percent(share)}${energy}${estimated ? ' estimated' : ''} `
    return part + Object.values(owner).join(' ')
  })
  return each.join(', ') || '-'
}

/** The counters since the device's start: energy, then each owner's work and tokens, named where there are several. */
function countersText({ energyJ, exportedJ, byOwner = [] }: Counters = {}): string {
  const ofOwners = byOwner.map(({ owner, counter, workDiff1, tokensIn, tokensInCached, tokensOut }) => {
    const parts = [
      ...(workDiff1 === undefined ? [] : [`work ${whole(workDiff1)}`]),
      ...(tokensIn === undefined ? [] : [`tokens in ${whole(tokensIn)}`]),
      ...(tokensInCached === undefined ? [] : [`cached ${whole(tokensInCached)}`]),
      ...(tokensOut === undefined ? [] : [`tokens out ${whole(tokensOut)}`]),
    ].join(', ')
    return byOwner.length > 1 && parts
      ? `${parts} for ${[nameOf(owner), counter].filter(Boolean).join(' ')}`
      : parts
  })
  const energy = energyJ === undefined ? '' : figure('energyJ', energyJ)
  const exported = exportedJ === undefined ? '' : `${figure('exportedJ', exportedJ)} exported`
  return [energy, exported, ...ofOwners].filter(Boolean).join('; ') || '-'
}

const boardsText = ({ boardsWorking, boardsFitted }: ProbedDevice): string =>
  boardsWorking === undefined && boardsFitted === undefined
    ? '-'
    : `${boardsWorking ?? '?'}/${boardsFitted ?? '?'}`

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
      cell('powerW', d.powerW),
      d.powerBasis ?? '-',
      cell('hashrateHs', d.hashrateHs),
      cell('expectedHashrateHs', d.expectedHashrateHs),
      d.utilizationRatio === undefined ? '-' : percent(d.utilizationRatio),
      cell('tempC', d.tempC),
      boardsText(d),
      worksFor(d.holders ?? []),
      countersText(d.counters),
      [...(d.algorithm === undefined ? [] : [`mines ${d.algorithm}`]), ...(d.faults ?? [])].join('; ') || '-',
      furtherFigures(d),
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
    'further figures',
  ]
  return table(head, rows)
}
