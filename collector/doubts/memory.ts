import { z } from 'zod'
import { nothingRecorded, type RecordedSoFar } from './recorded-so-far.ts'

/** The sums of a device by name; the owners whose time is covered are not kept: they are of the last minutes. */
type Sums = Omit<RecordedSoFar, 'covered' | 'stretches'>
const NAMES = Object.entries(nothingRecorded()).flatMap(([name, value]) =>
  typeof value === 'number' ? [name as keyof Sums] : [],
)

const MemorySchema = z.object({
  names: z.array(z.string()),
  devices: z.array(z.tuple([z.string(), z.array(z.number().finite())])),
  /** of those devices that have any; earlier versions read on without them */
  stretches: z.array(z.tuple([z.string(), z.array(z.number().finite())])).default([]),
})

/** What is remembered of an agent's devices, as a text. */
export function memoryText(devices: Iterable<readonly [deviceId: string, seen: RecordedSoFar]>): string {
  const all = [...devices]
  return JSON.stringify({
    names: NAMES,
    devices: all.map(([deviceId, seen]) => [deviceId, NAMES.map((name) => seen[name])]),
    stretches: all.flatMap(([deviceId, { stretches }]) =>
      stretches.length > 0 ? [[deviceId, stretches]] : [],
    ),
  })
}

/** Reads what `memoryText` wrote, also an earlier version's with other names. An unreadable text gives nothing. */
export function memoryOf(text: string): [deviceId: string, seen: RecordedSoFar][] {
  const { data } = MemorySchema.safeParse(parsed(text))
  if (!data) return []
  const stretches = new Map(data.stretches)
  return data.devices.map(([deviceId, values]) => {
    const seen: RecordedSoFar = { ...nothingRecorded(), stretches: stretches.get(deviceId) ?? [] }
    data.names.forEach((name, i) => {
      const value = values[i]
      if (value !== undefined && (NAMES as string[]).includes(name)) seen[name as keyof Sums] = value
    })
    return [deviceId, seen]
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
