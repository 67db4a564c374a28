import type { Device } from '../../protocol/device.ts'
import { table } from '../../protocol/kit/table.ts'
import type { Holder } from '../../protocol/owner.ts'
import type { Sample } from '../../protocol/sample.ts'

const round = (value: number | undefined, unit: string, scale = 1, digits = 0): string =>
  value === undefined ? '-' : `${(value / scale).toFixed(digits)} ${unit}`

/** The holders' names, each with its share unless it holds the whole device. */
function worksFor(holders: readonly Holder[]): string {
  const each = holders.map(({ owner, share, estimated }) => {
    const part = share > 0.999 ? '' : `${Math.round(share * 100)} %${estimated ? ' estimated' : ''} `
    return part + Object.values(owner).join(' ')
  })
  return each.join(', ') || '-'
}

/** The samples of a probe, one line each. */
export function probeTable(inventory: readonly Device[], samples: readonly Sample[]): string {
  const devices = new Map(inventory.map((d) => [d.deviceId, d]))
  const rows = samples.map((s) => {
    const d = devices.get(s.deviceId)
    return [
      s.deviceId,
      d?.driver ?? '-',
      d?.model ?? '-',
      s.state,
      round(s.powerW, 'W'),
      s.powerBasis ?? '-',
      round(s.hashrateHs, 'TH/s', 1e12, 1),
      s.utilizationRatio === undefined ? '-' : `${Math.round(s.utilizationRatio * 100)} %`,
      round(s.tempC, '°C'),
      s.boardsFitted === undefined ? '-' : `${s.boardsWorking ?? '?'}/${s.boardsFitted}`,
      worksFor(s.holders ?? []),
      s.faults?.join('; ') ?? '',
    ]
  })
  const head = [
    'device',
    'driver',
    'model',
    'state',
    'power',
    'basis',
    'hashrate',
    'use',
    'temp',
    'boards',
    'works for',
    'faults',
  ]
  return table(head, rows)
}
