import { UsageError } from '../../protocol/kit/errors.ts'
import { printJson, printLine } from '../../protocol/kit/terminal.ts'
import { ConversionSchema, ScenarioSchema } from '../economics/choices/scenario.ts'
import type { WhatIf } from '../economics/choices/whatif-answer.ts'
import { ApiClient, type ApiOptions } from './api-client.ts'
import { whatIfText } from './whatif-text.ts'

interface WhatIfOptions extends ApiOptions {
  json?: boolean
  /** the flags of WHAT_IF_OPTIONS, in camel case */
  [flag: string]: unknown
}

const CONVERT = 'convert'
/** Fields whose flag differs from their name. */
const FLAGS: Record<string, string> = { networkLeavesShare: 'networkLeaves' }

interface Flag {
  /** commander's name of its value */
  key: string
  /** field of the scenario, or of its conversion */
  field: string
  ofConversion: boolean
  takes: 'number' | 'text' | 'prices' | 'nothing'
  text: string
}

const TAKES: Record<string, Flag['takes']> = {
  halving: 'nothing',
  tenantPaysEnergy: 'nothing',
  from: 'text',
  usdPerGpuHour: 'prices',
}

const flagsOf = (
  shape: Record<string, { description?: string | undefined }>,
  ofConversion: boolean,
): Flag[] =>
  Object.entries(shape)
    .filter(([field]) => field !== 'conversion')
    .map(([field, { description = '' }]) => ({
      key: ofConversion ? `${CONVERT}${field[0]?.toUpperCase()}${field.slice(1)}` : (FLAGS[field] ?? field),
      field,
      ofConversion,
      takes: ofConversion && field === 'usdPerGpuHour' ? 'number' : (TAKES[field] ?? 'number'),
      text: `${ofConversion ? 'conversion: ' : ''}${inFlags(description)}`,
    }))

/** The API's description of a field in the command's words: a flag is set and not `true`, and other fields have their flags. */
const inFlags = (description: string): string =>
  description.replace(/^true: /, '').replace(/\b[a-z]+(?:[A-Z][A-Za-z]*)+\b/g, (name) => {
    if (name in ConversionSchema.shape) return dashed(`${CONVERT}${name[0]?.toUpperCase()}${name.slice(1)}`)
    return name in ScenarioSchema.shape ? dashed(FLAGS[name] ?? name) : name
  })
const dashed = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

const WHAT_IF_FLAGS = [...flagsOf(ScenarioSchema.shape, false), ...flagsOf(ConversionSchema.shape, true)]
const VALUE = {
  number: ' <number>',
  text: ' <name>',
  prices: ' <usd|workload=usd,...>',
  nothing: '',
} as const

/** Options of the command as [flags, description], one for each field of a scenario. */
export const WHAT_IF_OPTIONS: readonly (readonly [string, string])[] = WHAT_IF_FLAGS.map(
  ({ key, takes, text }) => [`${dashed(key)}${VALUE[takes]}`, text] as const,
)

/** Prints what the site would earn under a scenario, beside what it earns now. */
export async function whatif(options: WhatIfOptions): Promise<void> {
  const found = await new ApiClient(options).ask<WhatIf>('/api/v1/whatif', {}, scenarioOf(options))
  if (options.json) printJson(found, 2)
  else printLine(whatIfText(found))
}

function scenarioOf(options: WhatIfOptions): Record<string, unknown> {
  const scenario: Record<string, unknown> = {}
  const conversion: Record<string, unknown> = {}
  const faults: string[] = []
  for (const flag of WHAT_IF_FLAGS) {
    const given = options[flag.key]
    if (given === undefined) continue
    const value = readValue(flag.takes, given)
    if (value === undefined) faults.push(`${dashed(flag.key)}: expected a number, got ${String(given)}`)
    else (flag.ofConversion ? conversion : scenario)[flag.field] = value
  }
  if (faults.length > 0) throw new UsageError(faults)
  return Object.keys(conversion).length > 0 ? { ...scenario, conversion } : scenario
}

function readValue(takes: Flag['takes'], given: unknown): unknown {
  if (takes === 'nothing' || takes === 'text') return given
  const text = String(given)
  if (takes === 'number' || !text.includes('=')) return numberOf(text)
  const prices = text.split(',').map((part) => {
    const [name = '', usd = ''] = part.split('=')
    return [name, numberOf(usd)] as const
  })
  return prices.every(([name, usd]) => name && usd !== undefined) ? Object.fromEntries(prices) : undefined
}

const numberOf = (text: string): number | undefined =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined
