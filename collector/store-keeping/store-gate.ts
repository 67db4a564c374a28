import { PerwattError } from '../../protocol/kit/errors.ts'
import { STANDS_BY, type Store } from '../plugin/store.ts'
import { storeCall } from '../plugin/store-calls.ts'

/**
 * The same store, which takes nothing while it is shut: another collector has it, and the two would overwrite each other's. It can be
 * read.
 * @param shut why it takes nothing now; undefined: it takes what it is given
 */
export const gated = (store: Store, shut: () => PerwattError | undefined): Store =>
  new Proxy(store, {
    get: (target, name) => {
      const value = Reflect.get(target, name) as unknown
      if (storeCall(name) !== 'writes' || typeof value !== 'function') return value
      return (...args: unknown[]) => {
        const why = shut()
        return why ? Promise.reject(why) : (value as (...args: unknown[]) => unknown).apply(target, args)
      }
    },
  })

/** @param first the collector that has the store, for a person */
export const standsBy = (name: string, first: string): PerwattError =>
  new PerwattError(
    STANDS_BY,
    `${name}: another collector uses the database, ${first}, and this one stands by; ask that one, stop one of the two, or give it a database of its own`,
  )

/** Another collector may have used the store since this one knew it. @param why for a person */
export const notReadAgain = (name: string, why: string): PerwattError =>
  new PerwattError(
    'store-unavailable',
    `${name}: ${why}; wait for a minute, and look whether ${name} answers`,
  )

/** What is to be stored waits meanwhile. */
export const notYetKnown = (name: string): PerwattError =>
  new PerwattError(
    'store-unavailable',
    `${name}: it is not certain yet whether another collector uses the database; wait for a minute`,
  )
