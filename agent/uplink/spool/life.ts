import { randomBytes } from 'node:crypto'
import { ANCESTORS_KEPT, type Ancestor, LATEST_EPOCH } from '../../../protocol/spool-life.ts'

/** What the checkpoint keeps of a life. The property names are an on-disk format. */
export interface LifeState {
  epoch: number
  /** absent where an older version of the agent wrote it */
  life?: string
  after?: readonly Ancestor[]
}

const newId = (): string => randomBytes(8).toString('hex')

/**
 * The life of a spool: an epoch and a random id. Records are numbered within one. A new life begins at every start and at every doubt
 * whether a number may have meant another record: so no restored, copied or rolled-back folder uses a number of another life. It names
 * its ancestors, so that the collector sees which of the records it has already.
 */
export class Life {
  #state: Required<LifeState>

  constructor(nowMs: number) {
    this.#state = { epoch: legal(nowMs), life: newId(), after: [] }
  }

  get state(): Required<LifeState> {
    return this.#state
  }

  /** Goes on from the life of an earlier run, in a life of its own. @param lastSeq of the records that both have */
  resume(before: LifeState, lastSeq: number, nowMs: number): void {
    const { epoch, after = [] } = before
    // records may have been sent from memory before the disk could be read, so it is also higher than the present epoch
    const highest = Math.max(this.#state.epoch, epoch <= LATEST_EPOCH ? epoch : 0)
    const next = nextEpoch(highest, nowMs)
    this.#state = { epoch: next, life: newId(), after: withAncestor(after, before, lastSeq) }
  }

  /**
   * Begins the next life.
   * @param sharedSeq up to which the records certainly have the same numbers in both lives
   * @param above the epoch of another life of this agent: the new one is higher
   * @param latest the highest epoch that the collector takes
   */
  renew(sharedSeq: number, nowMs: number, { above = 0, latest = LATEST_EPOCH } = {}): void {
    const { epoch, after } = this.#state
    const refused = epoch > latest
    const next = refused
      ? nextEpoch(above, Math.min(nowMs, latest))
      : nextEpoch(Math.max(above, epoch), nowMs)
    this.#state = { epoch: next, life: newId(), after: withAncestor(after, this.#state, sharedSeq) }
  }

  /** The collector's mark is in the present life: no ancestor is asked for any more. */
  confirm(): void {
    if (this.#state.after.length > 0) this.#state = { ...this.#state, after: [] }
  }
}

/** The epoch after one, or the present time if that is later: never one that is not legal. */
const nextEpoch = (epoch: number, nowMs: number): number =>
  legal(Math.max(Math.trunc(nowMs), epoch < LATEST_EPOCH ? epoch + 1 : 0))

const legal = (epoch: number): number => Math.min(LATEST_EPOCH, Math.max(1, Math.trunc(epoch)))

function withAncestor(after: readonly Ancestor[], { epoch, life }: LifeState, seq: number): Ancestor[] {
  // records past `seq` are in doubt, whichever life numbered them
  const shared = after.map((a) => ({ ...a, seq: Math.min(a.seq, seq) }))
  if (epoch > LATEST_EPOCH) return shared
  const all = [...shared, { epoch, ...(life === undefined ? {} : { life }), seq }]
  return all.length <= ANCESTORS_KEPT ? all : [...all.slice(0, 1), ...all.slice(1 - ANCESTORS_KEPT)]
}
