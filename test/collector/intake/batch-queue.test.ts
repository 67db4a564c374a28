import { describe, expect, it } from 'vitest'
import { BatchQueue } from '../../../collector/intake/batch-queue.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { eventually } from '../../eventually.ts'

const KB = 1024

/** An queue whose groups wait until they are let go. */
function make(maxBytes: number) {
  const groups: string[][] = []
  let letGo = () => {}
  let failing = false
  const queue = new BatchQueue<number>({
    maxBytes,
    log: SILENT,
    async take(group) {
      groups.push(group.map(({ agentId, from }) => `${agentId}${from}`))
      await new Promise<void>((resolve) => {
        letGo = resolve
      })
      if (failing) throw new Error('disk full')
    },
  })
  const offer = (agentId: string, from: number, kb: number) =>
    queue.offer({ agentId, payload: new Uint8Array(kb * KB), from })
  return {
    queue,
    groups,
    offer,
    letGo: () => letGo(),
    fail: (yes: boolean) => {
      failing = yes
    },
  }
}

describe('the batch queue', () => {
  it('takes what comes at one moment together, in the order of each agent', async () => {
    const { groups, offer, letGo } = make(KB * KB)
    for (const [agent, n] of [
      ['a', 1],
      ['a', 2],
      ['b', 1],
      ['a', 3],
    ] as const)
      offer(agent, n, 1)
    await eventually(
      () => groups.length,
      (n) => n === 1,
    )
    expect(groups[0]?.toSorted()).toEqual(['a1', 'a2', 'a3', 'b1'])
    expect(groups[0]?.filter((m) => m.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
    letGo()
  })

  it('lets the agents take turns: one with much delays one with little by one message', async () => {
    const { groups, offer, letGo } = make(16 * KB * KB)
    for (let i = 0; i < 4; i++) offer('much', i, 900)
    offer('little', 0, 1)
    await eventually(
      () => groups.length,
      (n) => n === 1,
    )
    expect(groups[0]?.slice(0, 2)).toEqual(['much0', 'little0'])
    letGo()
    await eventually(
      () => groups.length,
      (n) => n === 2,
    )
    expect(groups.flat().filter((m) => m.startsWith('much'))).toEqual(['much0', 'much1', 'much2', 'much3'])
    letGo()
  })

  it('drops what finds no room, counts it, and has room again afterwards', async () => {
    const { queue, groups, offer, letGo } = make(10 * KB)
    expect([offer('a', 1, 6), offer('b', 1, 6), offer('c', 1, 4)]).toEqual([true, false, true])
    expect([queue.bytes, queue.dropped]).toEqual([10 * KB, 1])
    await eventually(
      () => groups.length,
      (n) => n === 1,
    )
    expect(queue.bytes).toBe(0)
    expect(offer('b', 1, 6)).toBe(true)
    letGo()
    await eventually(
      () => groups.length,
      (n) => n === 2,
    )
    letGo()
  })

  it('gives one agent no more than its part, however much it sends', async () => {
    const { queue, offer } = make(64 * KB * KB)
    const taken = Array.from({ length: 20 }, (_, i) => offer('greedy', i, 1024)).filter(Boolean)
    expect(taken).toHaveLength(4)
    expect(offer('other', 0, 1024)).toBe(true)
    await queue.stop()
  })

  it('goes on after a group that failed', async () => {
    const { groups, offer, letGo, fail } = make(KB * KB)
    offer('a', 1, 1)
    await eventually(
      () => groups.length,
      (n) => n === 1,
    )
    fail(true)
    letGo()
    offer('a', 2, 1)
    await eventually(
      () => groups.length,
      (n) => n === 2,
    )
    fail(false)
    letGo()
  })

  it('keeps its own copy of a message, not the memory that it came in', async () => {
    const large = new Uint8Array(64 * KB)
    let kept = 0
    const queue = new BatchQueue<number>({
      maxBytes: KB * KB,
      log: SILENT,
      async take(group) {
        kept = group[0]?.payload.buffer.byteLength ?? 0
      },
    })
    queue.offer({ agentId: 'a', payload: large.subarray(0, 100), from: 0 })
    await eventually(
      () => kept,
      (n) => n > 0,
    )
    expect(kept).toBe(100)
  })

  it('takes nothing after its stop, which waits for the group in hand', async () => {
    const { queue, groups, offer, letGo } = make(KB * KB)
    offer('a', 1, 1)
    await eventually(
      () => groups.length,
      (n) => n === 1,
    )
    offer('a', 2, 1)
    const stopped = queue.stop()
    letGo()
    await stopped
    expect(offer('a', 3, 1)).toBe(false)
    expect(groups).toHaveLength(1)
  })
})
