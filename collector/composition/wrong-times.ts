import { AheadRecords } from '../intake/ahead-records.ts'
import type { Store } from '../plugin/store.ts'
import { MisdatedRecords } from '../settling/misdated-records.ts'
import type { Context } from './context.ts'
import type { LedgerPlane } from './ledger.ts'

/** What puts records aside that stand at times which are not theirs. */
export interface WrongTimes {
  start(): void
  stop(): Promise<void>
}

/** Records of the future, and those of a clock that was set since. Both begin once the ledger runs. */
export function createWrongTimes(
  { clocks: clock, log }: Pick<Context, 'clocks' | 'log'>,
  { settler, records, pricing, repricer }: Pick<LedgerPlane, 'settler' | 'records' | 'pricing' | 'repricer'>,
  store: Store,
): WrongTimes {
  const alone = <T>(work: () => Promise<T>) => records.alone(work)
  const common = { store, clock, alone, log }
  const ahead = new AheadRecords({
    ...common,
    note: (minutes) => settler.note(minutes, 'records of the future were put aside'),
  })
  const misdated = new MisdatedRecords({
    ...common,
    note: (minutes) => settler.note(minutes, 'records of a wrong clock were put aside'),
    decide: (request) => repricer.decide(request),
    onWrong: () => pricing.read(store),
  })
  return {
    start() {
      ahead.start()
      misdated.start()
    },
    async stop() {
      await Promise.all([ahead.stop(), misdated.stop()])
    },
  }
}
