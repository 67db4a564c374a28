/** What one of the checks of a session has learnt, by the check's name. JSON. */
export type CheckMemories = Readonly<Record<string, unknown>>

/** What a session has learnt: what its driver remembers, and what the checks of its readings do. */
interface HeldMemory {
  driver?: unknown
  checks: CheckMemories
}

const isRow = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @param remembered of an earlier session; an older version of the agent kept the driver's part alone */
export function memoryOf(remembered: unknown): HeldMemory {
  if (!isRow(remembered) || !isRow(remembered['checks'])) return { driver: remembered, checks: {} }
  return { driver: remembered['driver'], checks: remembered['checks'] }
}

/** @returns undefined where nothing was learnt */
export function asMemory(driver: unknown, checks: CheckMemories): HeldMemory | undefined {
  const learnt = Object.fromEntries(Object.entries(checks).filter(([, knows]) => knows !== undefined))
  if (driver === undefined && Object.keys(learnt).length === 0) return undefined
  return { ...(driver !== undefined && { driver }), checks: learnt }
}
