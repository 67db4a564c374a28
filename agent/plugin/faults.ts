import type { Reading } from './reading.ts'

/** As many, and as long, as a live message takes. */
const MAX_FAULTS = 32
const MAX_LENGTH = 256

/** A sample with further faults before its own; one that it has already is not said twice. */
export function withFaults(sample: Reading['sample'], faults: readonly string[]): Reading['sample'] {
  if (faults.length === 0) return sample
  const all = [...faults.map((fault) => fault.slice(0, MAX_LENGTH)), ...(sample.faults ?? [])]
  return { ...sample, faults: [...new Set(all)].slice(0, MAX_FAULTS) }
}
