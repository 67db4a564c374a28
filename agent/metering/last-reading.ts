import type { Instant } from '../../protocol/kit/clock.ts'
import type { Reading } from '../plugin/reading.ts'

/** What of a reading the next one needs. */
export interface LastReading {
  wallMs: number
  /** absent after a restart of the agent: a monotonic clock means nothing to another process */
  steadyMs?: number
  sample: Pick<
    Reading['sample'],
    'powerW' | 'uptimeS' | 'holders' | 'hashrateHs' | 'utilizationRatio' | 'tokensInPerS' | 'tokensOutPerS'
  >
  /** MAC or serial number */
  hardwareId?: string
  /** whether it said what was counted for whom */
  namedOwners: boolean
}

/** ms by the monotonic clock; across a restart of the agent by the wall's, where less than 1 says that it was set back. */
export const elapsedSince = (last: LastReading, at: Instant): number =>
  last.steadyMs === undefined ? at.wallMs - last.wallMs : at.steadyMs - last.steadyMs

/** Another machine stands in its place: what its counters show is another's past. */
export const isAnotherMachine = (last: LastReading, { identity }: Reading): boolean =>
  last.hardwareId !== undefined &&
  identity.hardwareId !== undefined &&
  last.hardwareId !== identity.hardwareId

/** Whether the machine restarted between two readings. An uptime of zero comes with replies that are all zeros: it says nothing. */
export function restartedSince(last: LastReading, now: Reading, elapsedMs: number): boolean | undefined {
  const { uptimeS } = now.sample
  const before = last.sample.uptimeS
  if (!uptimeS || !before) return undefined
  return uptimeS < before || uptimeS * 1000 < elapsedMs
}
