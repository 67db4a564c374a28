import { intAt } from '../element.ts'
/**
 * Orders the nodes of a tree so that each comes after all nodes behind it. Circles are cut in `parents`, in place: the first node of
 * each becomes a root.
 * @param parents index of each node's parent; -1 for a root
 */
export function leavesFirst(parents: Int32Array): Int32Array {
  const count = parents.length
  /** children of each node that are not yet in the order */
  const waiting = new Int32Array(count)
  for (const parent of parents) if (parent >= 0) increment(waiting, parent)
  const order = new Int32Array(count)
  const isDone = new Uint8Array(count)
  const ready: number[] = []
  let done = 0
  const release = (parent: number) => {
    if (parent < 0) return
    increment(waiting, parent, -1)
    if (waiting[parent] === 0) ready.push(parent)
  }
  const takeReady = () => {
    for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
      isDone[i] = 1
      order[done++] = i
      release(intAt(parents, i))
    }
  }
  for (let i = 0; i < count; i++) if (waiting[i] === 0) ready.push(i)
  takeReady()
  // only circles are left: cut each at its first node
  for (let i = 0; done < count; i++) {
    if (isDone[i]) continue
    const parent = intAt(parents, i)
    parents[i] = -1
    release(parent)
    takeReady()
  }
  return order
}

/** Adds `by` to element i of an array. */
export const increment = (counts: Int32Array, i: number, by = 1): void => {
  counts[i] = intAt(counts, i) + by
}
