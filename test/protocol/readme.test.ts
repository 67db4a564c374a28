import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { AdviceMessageSchema } from '../../protocol/advice.ts'
import { decode } from '../../protocol/codec.ts'
import { IntervalMessageSchema } from '../../protocol/interval.ts'
import { LiveMessageSchema } from '../../protocol/sample.ts'
import { AckMessageSchema, InventoryMessageSchema, StatusMessageSchema } from '../../protocol/status.ts'

const SCHEMAS = {
  status: StatusMessageSchema,
  inventory: InventoryMessageSchema,
  live: LiveMessageSchema,
  intervals: IntervalMessageSchema,
  ack: AckMessageSchema,
  advice: AdviceMessageSchema,
}
const README = readFileSync(join(import.meta.dirname, '../../protocol/README.md'), 'utf8')
const examples = [...README.matchAll(/^\*\*(\w+)\*\*(?:(?!```)[\s\S])*?```json\n([\s\S]*?)\n```/gm)].map(
  ([, name, json]) => [name, json] as const,
)

it('shows an example of every message', () => {
  expect(examples.map(([name]) => name)).toEqual(Object.keys(SCHEMAS))
})

it.each(examples)('the example of %s is a right one, and nothing in it is unknown', (name, json) => {
  const schema = SCHEMAS[name as keyof typeof SCHEMAS]
  const decoded = decode(schema, new TextEncoder().encode(json))
  if (!decoded.ok) throw new Error(decoded.reason)
  expect(decoded.value).toEqual(JSON.parse(json as string))
})
