import type { Device } from '../../../protocol/device.ts'
import type { Owner } from '../../../protocol/owner.ts'
import { UNPAID } from '../unpaid.ts'
import type { Workload } from '../workloads.ts'

/** What a rule may ask of the device beside the owner's facts. */
export type DeviceFacts = Pick<Device, 'kind' | 'driver' | 'location' | 'tags' | 'model' | 'algorithm'>

/** Which workload an owner's work on a device is; no workload where it earns nothing by its nature. */
export interface Attribution {
  name: string
  workload?: Workload
}

/** Says which workload an owner's work on a device is at a time (Unix ms). */
export type Attribute = (owner: Owner, device: DeviceFacts | undefined, atMs: number) => Attribution

const NO_WORKLOAD = {
  idle: { name: UNPAID.idle },
  overhead: { name: UNPAID.overhead },
  unassigned: { name: UNPAID.unassigned },
} as const

/**
 * The configuration's rules as a function: the first workload in force one of whose matches fits. Nobody's machine is `idle`;
 * a host's and a meter's own energy is `overhead`; an owner whom no rule knows is `unassigned`.
 */
export function attribution(workloads: readonly Workload[]): Attribute {
  const rules = workloads.flatMap((workload) => {
    const found: Attribution = { name: workload.name, workload }
    const inForce = contractTime(workload)
    return workload.match.map((match) => ({ found, inForce, fits: matcher(match) }))
  })
  return (owner, device, atMs) => {
    for (const { found, inForce, fits } of rules) if (inForce(atMs) && fits(owner, device)) return found
    for (const _ in owner) return NO_WORKLOAD.unassigned
    return device?.kind === 'host' || device?.kind === 'meter' ? NO_WORKLOAD.overhead : NO_WORKLOAD.idle
  }
}

/** Whether a contract is in force at a time (Unix ms): from its begin to before its end. */
export function contractTime({ from, until }: Pick<Workload, 'from' | 'until'>): (atMs: number) => boolean {
  const fromMs = from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from)
  const untilMs = until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until)
  return (atMs) => fromMs <= atMs && atMs < untilMs
}

/** Whether an owner and a device have all facts of a match. */
export function matcher(
  match: Readonly<Record<string, string>>,
): (owner: Owner, device: DeviceFacts | undefined) => boolean {
  const tests = Object.entries(match).map(([fact, text]) => ({ fact, pattern: patternOf(text) }))
  return (owner, device) =>
    tests.every(({ fact, pattern }) => {
      const value = factOf(fact, owner, device)
      return value !== undefined && pattern.test(value)
    })
}

function factOf(fact: string, owner: Owner, device: DeviceFacts | undefined): string | undefined {
  if (owner[fact] !== undefined) return owner[fact]
  if (fact.startsWith('tag.')) return device?.tags?.[fact.slice(4)]
  switch (fact) {
    case 'kind':
    case 'driver':
    case 'model':
    case 'algorithm':
      return device?.[fact]
    case 'container':
    case 'rack':
      return device?.location?.[fact]
    default:
      return undefined
  }
}

const patternOf = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split('*')
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*')}$`,
    's',
  )
