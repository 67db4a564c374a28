import type { IPoint } from 'influx'
import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'
import { isRefused } from '../../plugin/store.ts'
import { unescapeText } from '../../rows/escaped-text.ts'

/** Points that are searched for one by one. With more of them it is no single bad point: the database refuses a kind of them. */
const MOST_SEARCHED = 64
/** Refused points that an error names. */
const NAMED = 3

interface Refused {
  point: IPoint
  reason: string
}

/**
 * Writes points so that a bad one does not keep the others out. InfluxDB takes the good points of a write and does not say which was
 * bad: halves are written again until each refused point is found.
 * @param write rejects with PerwattError `store-refused` where the database will never take a point
 * @throws PerwattError `store-refused`, when all others are written; it names the refused points
 */
export async function writeSparing(
  points: readonly IPoint[],
  write: (points: readonly IPoint[]) => Promise<void>,
): Promise<void> {
  const refused: Refused[] = []
  await writeHalves(points, write, refused)
  if (refused.length > 0) throw refusal(refused, points.length)
}

async function writeHalves(
  points: readonly IPoint[],
  write: (points: readonly IPoint[]) => Promise<void>,
  refused: Refused[],
): Promise<void> {
  try {
    await write(points)
  } catch (error) {
    if (!isRefused(error)) throw error
    const reason = reasonOf(error)
    const dropped = Number(/ dropped=(\d+)/.exec(reason)?.[1] ?? 0)
    if (points.length <= 1 || dropped >= points.length || refused.length >= MOST_SEARCHED) {
      refused.push(...points.map((point) => ({ point, reason })))
      return
    }
    const middle = points.length >>> 1
    await writeHalves(points.slice(0, middle), write, refused)
    await writeHalves(points.slice(middle), write, refused)
  }
}

function refusal(refused: readonly Refused[], total: number): PerwattError {
  const named = refused.slice(0, NAMED).map(({ point }) => nameOf(point))
  const more = refused.length > NAMED ? `, and ${refused.length - NAMED} more` : ''
  const which = `${refused.length} of ${total} points refused: ${named.join(', ')}${more}`
  return new PerwattError('store-refused', `${refused[0]?.reason} (${which})`)
}

/** `interval agentId=hall-1 deviceId=rack3-07 at 2026-01-31T12:00:00.000Z` */
function nameOf({ measurement, tags = {}, timestamp }: IPoint): string {
  const facts = Object.entries(tags).map(([name, value]) => `${name}=${unescapeText(String(value))}`)
  return [measurement, ...facts, 'at', new Date(Number(timestamp)).toISOString()].join(' ')
}
