import type { IRawProperty, Parameters } from 'fast-check'
import { vi } from 'vitest'

/** Ordinary runs generate the same values each time, so that a property that fails says something about the change. */
const SEED = 1130

const wholeNumber = (name: string, fallback: number, least: number): number => {
  const value = Number(process.env[name] ?? fallback)
  if (Number.isInteger(value) && value >= least) return value
  throw new Error(`${name} expects a whole number from ${least} on, got ${process.env[name]}`)
}
/** fast-check takes seeds of 32 bits. */
const seed = wholeNumber('PERWATT_SEED', SEED, -(2 ** 31))
/** How many times as often each property runs as it says. */
const factor = wholeNumber('PERWATT_RUNS', 1, 1)
const DEFAULT_RUNS = 100

// made when a test first imports it, so that files without properties don't load it
vi.mock('fast-check', async (importActual) => {
  const actual = await importActual<typeof import('fast-check')>()
  actual.configureGlobal({ seed })
  const assert = <Ts>(property: IRawProperty<Ts>, parameters?: Parameters<Ts>) =>
    actual.assert(property, { ...parameters, numRuns: (parameters?.numRuns ?? DEFAULT_RUNS) * factor })
  return { ...actual, assert, default: { ...actual.default, assert } }
})
