import { z } from 'zod'
import { DeviceIdSchema } from './device.ts'
import { ofAtMost } from './kit/checker.ts'
import { knownWord } from './known-word.ts'
import { energyShareOf, type Holder, type Owner, OwnerSchema } from './owner.ts'
import { QUANTITIES, type Quantity } from './quantities.ts'

/** What a machine is doing. The agent itself sets `unreachable` where a poll gets no answer. */
export const STATES = [
  'hashing',
  'busy',
  'ok',
  'idle',
  'sleeping',
  'starting',
  'faulty',
  'unreachable',
  'unknown',
] as const
export type State = (typeof STATES)[number]

/** Where a power value comes from, best first. A meter overrides the device's own reading. */
export const POWER_BASES = ['metered', 'reported', 'estimated', 'shared', 'modelled', 'rated'] as const
export type PowerBasis = (typeof POWER_BASES)[number]

export { QUANTITIES, type Quantity } from './quantities.ts'

/**
 * A device's present reading. Unknown is absent: never 0, never -1.
 * `tempC` is the hottest chip, `boardTempC` the hottest board, `fanRpm` the slowest fan. A GPU's `powerW` is the
 * driver's one-second average where it has one, `powerInstantW` the instantaneous value; its ECC errors count since the driver was loaded.
 * `paidRatio` is the part of a miner's hashrate that its operator is paid for: without rejected shares where the miner has no counter of
 * accepted work, without the firmware's dev fee where it counts that.
 */
export interface Sample extends Partial<Record<Quantity, number>> {
  deviceId: string
  /** agent's clock, Unix ms */
  observedAtMs: number
  state: State
  powerBasis?: PowerBasis
  holders?: Holder[]
  /** faults in the device's own words */
  faults?: string[]
}

/** Devices in one live message; an agent with more devices sends several messages. */
export const MAX_SAMPLES_PER_MESSAGE = 500

/** Several times of those that there are: a newer agent may know more. */
const MOST_QUANTITIES = 256

const column = <T extends z.ZodType>(item: T) => z.array(item).max(MAX_SAMPLES_PER_MESSAGE)

/** The live message: one batch by columns; entry k of every column is about `ids[k]`, `null` where that device has no value. */
export const LiveMessageSchema = z
  .object({
    v: z.literal(1),
    sentAtMs: z.number().int().nonnegative(),
    ids: column(DeviceIdSchema),
    observedAtMs: column(z.number().int().nonnegative()),
    state: column(knownWord(STATES)),
    powerBasis: column(knownWord(POWER_BASES).nullable()).optional(),
    /** `holders` points into this list */
    owners: z
      .array(OwnerSchema)
      .max(4 * MAX_SAMPLES_PER_MESSAGE)
      .optional(),
    /** [index into owners, share 0..1] pairs */
    holders: column(
      z
        .array(z.tuple([z.number().int().nonnegative(), z.number().min(0).max(1)]))
        .max(64)
        .nullable(),
    ).optional(),
    /** parts of the energy, one for each entry of `holders`, where they differ from the shares; an older collector ignores it */
    energyShares: column(z.array(z.number().min(0).max(1)).max(64).nullable()).optional(),
    faults: column(z.array(z.string().max(256)).max(32).nullable()).optional(),
    /** one column for each quantity; a reader ignores quantities that it does not know */
    q: ofAtMost(MOST_QUANTITIES, z.record(z.string().max(64), column(z.number().nullable()))),
  })
  .superRefine((m, ctx) => {
    const n = m.ids.length
    const refuse = (path: (string | number)[], message: string) =>
      ctx.addIssue({ code: 'custom', path, message })
    const wrong = (path: (string | number)[], length: number) =>
      refuse(path, `expected ${n} values, one for each id, got ${length}`)
    for (const name of [
      'observedAtMs',
      'state',
      'powerBasis',
      'holders',
      'energyShares',
      'faults',
    ] as const) {
      const c = m[name]
      if (c && c.length !== n) return wrong([name], c.length)
    }
    for (const [name, c] of Object.entries(m.q)) if (c.length !== n) return wrong(['q', name], c.length)
    const owners = m.owners?.length ?? 0
    for (const [i, pairs] of m.holders?.entries() ?? [])
      for (const [o] of pairs ?? [])
        if (o >= owners) return refuse(['holders', i], `names owner ${o}, which is not in owners`)
  })
export type LiveMessage = z.input<typeof LiveMessageSchema>

const quantityNames: ReadonlySet<string> = new Set(QUANTITIES)

/** Samples as a live message. @param samples at most MAX_SAMPLES_PER_MESSAGE: the caller splits longer lists */
export function encodeLive(samples: readonly Sample[], sentAtMs: number): LiveMessage {
  const owners = new Map<string, number>()
  const table: Owner[] = []
  const index = (owner: Owner) => {
    const key = JSON.stringify(owner)
    let i = owners.get(key)
    if (i === undefined) {
      i = table.push(owner) - 1
      owners.set(key, i)
    }
    return i
  }
  const q: Record<string, (number | null)[]> = {}
  for (const name of QUANTITIES)
    if (samples.some((s) => s[name] !== undefined)) q[name] = samples.map((s) => s[name] ?? null)
  const message: LiveMessage = {
    v: 1,
    sentAtMs,
    ids: samples.map((s) => s.deviceId),
    observedAtMs: samples.map((s) => s.observedAtMs),
    state: samples.map((s) => s.state),
    q,
  }
  if (samples.some((s) => s.powerBasis)) message.powerBasis = samples.map((s) => s.powerBasis ?? null)
  if (samples.some((s) => s.holders)) {
    message.holders = samples.map(
      (s) => s.holders?.map((h): [number, number] => [index(h.owner), h.share]) ?? null,
    )
    message.owners = table
  }
  if (samples.some((s) => s.holders?.some((h) => h.energyShare !== undefined)))
    message.energyShares = samples.map((s) =>
      s.holders?.some((h) => h.energyShare !== undefined) ? s.holders.map(energyShareOf) : null,
    )
  if (samples.some((s) => s.faults?.length))
    message.faults = samples.map((s) => (s.faults?.length ? s.faults : null))
  return message
}

/** The samples of a validated live message, without quantities that this version does not know. */
export function decodeLive(m: z.output<typeof LiveMessageSchema>): Sample[] {
  const columns = Object.entries(m.q).filter(([name]) => quantityNames.has(name)) as [
    Quantity,
    (number | null)[],
  ][]
  return m.ids.map((deviceId, i) => {
    const sample: Sample = { deviceId, observedAtMs: m.observedAtMs[i] ?? 0, state: m.state[i] ?? 'unknown' }
    const basis = m.powerBasis?.[i]
    if (basis) sample.powerBasis = basis
    const holders = m.holders?.[i]
    const energyShares = m.energyShares?.[i]
    if (holders)
      sample.holders = holders.map(([o, share], k) => {
        const energyShare = energyShares?.[k]
        return { owner: m.owners?.[o] ?? {}, share, ...(energyShare !== undefined && { energyShare }) }
      })
    const faults = m.faults?.[i]
    if (faults) sample.faults = faults
    for (const [name, values] of columns) {
      const value = values[i]
      if (value !== null && value !== undefined) sample[name] = value
    }
    return sample
  })
}
