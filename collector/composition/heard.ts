import type { BatchReceiver } from '../intake/batch-receiver.ts'
import type { ClaimKeeper } from '../ownership/claim-keeper.ts'

const NOT_OPEN = 'the store of the collector is not open yet; see its alerts'
const NOT_READ =
  'another collector has, or may have, the store of this one, which takes no records until it has read it again; see its alerts'

/** What agents send. Until the ledger takes it, it is left to them: they are told why, and send it again. */
export interface Heard {
  receive(...message: Parameters<BatchReceiver['receive']>): void
  present: BatchReceiver['present']
  hear(...inventory: Parameters<ClaimKeeper['hear']>): void
}

/**
 * @param runs whether the ledger has started
 * @param standsBy whether another collector has the store, or may have had it: what is known of it is not acknowledged
 */
export const heardBy = (
  receiver: BatchReceiver,
  claims: ClaimKeeper,
  { runs, standsBy }: { runs: () => boolean; standsBy: () => boolean },
): Heard => ({
  receive: (...message) => {
    if (runs() && !standsBy()) receiver.receive(...message)
    else receiver.leave(runs() ? NOT_READ : NOT_OPEN, ...message)
  },
  present: (agentId) => (standsBy() ? receiver.presentUnknown() : receiver.present(agentId)),
  hear: (agentId, list) => runs() && claims.hear(agentId, list),
})
