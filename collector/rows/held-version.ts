import type { Store } from '../plugin/store.ts'

/** The same store, which now counts the changes of its holds. A failed write counts too: a part of it may have been done. */
export function withHeldVersion(store: Omit<Store, 'heldVersion'>): Store {
  let version = 0
  const counting =
    <A extends readonly unknown[], R>(write: (...args: A) => Promise<R>, changes: (...args: A) => boolean) =>
    async (...args: A): Promise<R> => {
      try {
        return await write(...args)
      } finally {
        if (changes(...args)) version++
      }
    }
  const always = () => true
  const counted: Partial<Store> = {
    appendAll: counting(store.appendAll, (parts) => parts.some(({ holds = [] }) => holds.length > 0)),
    hold: counting(store.hold, ({ length }) => length > 0),
    decide: counting(store.decide, always),
    settle: counting(store.settle, (_minutes, _rows, { heldBack = [] } = {}) => heldBack.length > 0),
  }
  // not a copy: what the store tells about itself changes while it is open
  return Object.defineProperty(Object.assign(store, counted), 'heldVersion', {
    get: () => version,
    enumerable: true,
  }) as Store
}
