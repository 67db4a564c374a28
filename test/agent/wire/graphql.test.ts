import { expect, test } from 'vitest'
import { queryGraphql } from '../../../agent/wire/graphql.ts'
import { WebClient } from '../../../agent/wire/web-client.ts'
import { soon } from '../asic-harness.ts'
import { closeMachines, webMachine } from '../machines.ts'

closeMachines()

const answerTo = async (answer: object) =>
  queryGraphql(new WebClient(await webMachine({ 'POST /graphql': answer })), '/graphql', '{ a }', soon())

test('the data of an answer is returned, without an error', async () => {
  expect(await answerTo({ data: { a: 1 } })).toEqual({ data: { a: 1 }, error: undefined })
})

test('an error beside partial data is returned with it', async () => {
  const answer = { data: { a: 1, b: null }, errors: [{ message: 'b is not\nready' }] }
  expect(await answerTo(answer)).toEqual({ data: { a: 1, b: null }, error: 'b is not ready' })
})

test('a refused query has an error and no data', async () => {
  const message = `Unknown field "a" on type "Query". ${'x'.repeat(200)}`
  const { data, error } = await answerTo({ data: null, errors: [{ message }, { message: 'second' }] })
  expect(data).toEqual({})
  expect(error).toBe(message.slice(0, 120))
})
