import { beforeEach, describe, expect, test } from 'vitest'
import { LossSchema } from '../../../../collector/books/audit-views.ts'
import { resetAgent } from '../../../../collector/commands/agents.ts'
import { batch, record } from '../../ledger-rig.ts'
import { BooksRig } from '../books-rig.ts'

describe('the numbers of an agent', () => {
  let books: BooksRig
  beforeEach(async () => {
    books = await new BooksRig().start()
    await books.ledger.take(batch(1, [record(0)], { epoch: 9 }))
    return () => books.stop()
  })
  const request = { agent: 'a', by: 'Anna', reason: 'a forged batch' }

  test('are put back for an agent that has any, and who did it is listed with the losses', async () => {
    const { status, body } = await books.ask('/api/v1/agents/reset', request)
    expect(status).toBe(201)
    expect(LossSchema.parse(body)).toMatchObject({ agentId: 'a', kind: 'reset', records: 0 })
    const { body: losses } = await books.ask('/api/v1/losses')
    expect(losses).toEqual([body])
    expect((losses as { cause: string }[])[0]?.cause).toMatch(
      /^its numbers were put back by Anna: a forged batch; before: epoch 9, record 1$/,
    )
    expect((await books.store.highWaters()).get('a')).toMatchObject({ epoch: 0, seq: 0 })
  })

  test('are not put back for a name that no agent has, or without a token', async () => {
    expect((await books.ask('/api/v1/agents/reset', { ...request, agent: 'b' })).status).toBe(404)
    await books.serve({ token: false })
    expect((await books.ask('/api/v1/agents/reset', request)).status).toBe(403)
    expect((await books.store.highWaters()).get('a')).toMatchObject({ epoch: 9, seq: 1 })
  })

  test('are put back by the command, which prints what is kept of it', async () => {
    const printed = await books.printed((options) =>
      resetAgent('a', { ...options, by: 'Anna', reason: 'a forged batch' }),
    )
    expect(printed).toMatch(/agent a: its numbers were put back by Anna: a forged batch/)
  })
})
