import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { explainZodError } from '../../../protocol/kit/explain.ts'
import { entrySchema, type Plugin, pluginNamed } from '../../../protocol/kit/plugin.ts'

const thermometer: Plugin = {
  name: 'thermometer',
  summary: 'how warm it is',
  settings: z
    .strictObject({ raise: z.number().default(30), clear: z.number().default(25) })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' }),
}
const clock: Plugin = {
  name: 'clock',
  summary: 'how late it is',
  settings: z.strictObject({ zone: z.string() }),
}
const common = ({ name }: Plugin) => ({ label: z.string().default(name) })
const schema = entrySchema('sensor', [thermometer, clock], common)
const faults = (input: unknown) => {
  const result = schema.safeParse(input)
  return result.success ? [] : explainZodError(result.error, input)
}

describe('an entry of a configuration', () => {
  test('has its own settings flat beside the common ones, each with its default', () => {
    expect(schema.parse({ sensor: 'thermometer', raise: 40 })).toEqual({
      sensor: 'thermometer',
      label: 'thermometer',
      raise: 40,
      clear: 25,
    })
  })

  test.each([
    [{ sensor: 'barometer' }, 'sensor: expected one of thermometer, clock, got barometer'],
    [{ zone: 'UTC' }, 'sensor: is missing; expected one of thermometer, clock'],
    [{ thermometer: { raise: 40 } }, 'sensor: is missing; expected one of thermometer, clock'],
    ['clock', 'expected a mapping such as { sensor: thermometer }, got clock'],
    [{ sensor: 'clock' }, 'zone: is missing; expected a string'],
    [{ sensor: 'clock', zone: 'UTC', raise: 1 }, 'raise: is not a setting here; check the spelling'],
    [{ sensor: 'thermometer', clear: 31 }, 'clear: is above raise'],
  ])('%j is refused with one line', (input, line) => {
    expect(faults(input)).toEqual([line])
  })

  test('is described with the summary of its plug-in', () => {
    expect(JSON.stringify(z.toJSONSchema(schema))).toContain('"description":"how late it is"')
  })
})

test('a setting with the name of a common one is refused when the schema is made', () => {
  const clash = { ...clock, settings: z.strictObject({ label: z.string() }) }
  expect(() => entrySchema('sensor', [clash], common)).toThrow(
    'sensor clock: label is a setting of every sensor; rename it',
  )
})

test('a plug-in is found by its name, and the names are listed where it is not there', () => {
  expect(pluginNamed([thermometer, clock], 'clock')).toBe(clock)
  expect(() => pluginNamed([thermometer, clock], 'x')).toThrow(
    'x is not built in; use one of thermometer, clock',
  )
})
