import { LATEST_EPOCH } from '../../protocol/spool-life.ts'
import type { AckMessage } from '../../protocol/status.ts'
import type { Spool } from './spool/spool.ts'

/**
 * Why the spool's numbers may mean other records to the collector; undefined where they don't.
 * @param lastSent highest number that was sent in the spool's present life
 */
export function doubtOf(
  { epoch, life, seq, latestEpoch = LATEST_EPOCH }: AckMessage,
  spool: Pick<Spool, 'epoch' | 'life' | 'sharedSeq' | 'oldestSeq'>,
  lastSent: number,
): string | undefined {
  if (spool.epoch > latestEpoch) return 'the collector refuses this epoch: it is later than its clock can be'
  // an epoch that can't be has no next one: only the collector can mend that, with `perwatt-collector agents reset`
  if (epoch > LATEST_EPOCH || epoch < spool.epoch) return undefined
  if (epoch > spool.epoch) return 'the collector knows a later epoch of this agent'
  if (life !== undefined && life !== spool.life) return 'another spool has the same epoch'
  if (seq > Math.max(lastSent, spool.sharedSeq, spool.oldestSeq - 1))
    return 'the collector has records under numbers that were not sent: this spool is an older copy'
  return undefined
}
