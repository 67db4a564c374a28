import type { z } from 'zod'
import type { Device, DeviceKind } from '../../protocol/device.ts'
import type { Plugin } from '../../protocol/kit/plugin.ts'
import type { Owner } from '../../protocol/owner.ts'
import type { Sample } from '../../protocol/sample.ts'

/** The contract of a driver: what to ask a family of machines, and how to read the answer. It only reads. */
export interface Driver<S extends z.ZodObject = z.ZodObject> extends Plugin<S> {
  readonly kind: DeviceKind
  /** whether the driver needs `host`; `or-url`: or its own setting `url` */
  readonly needsHost: boolean | 'or-url'
  /** every command or path that the driver can send; a test reads this list and refuses anything that writes */
  readonly requests: readonly string[]
  /** true where these first answers are this family's (see reference: which firmware answers); absent: never detected */
  recognises?(answers: FirstAnswers): boolean
  /** taken only where no other driver recognises the machine */
  readonly fallback?: boolean
  /** Begins to talk to one machine. Never throws: an unreachable machine is an error of `read`. */
  open(target: Target<z.output<S>>): Session
}

/** The settings of one configured device, as a driver sees them. */
export interface Target<O> {
  id: string
  host: string
  options: O
}

/** The code of a `read` that met a machine of another family than before: it was flashed or exchanged, and is opened anew. */
export const ANOTHER_FIRMWARE = 'another-firmware'

export interface Session {
  /**
   * Asks the machine once. One target may be several devices (a host with 8 GPUs).
   * @throws with a message of what happened and what to check; the sampler adds driver and device name.
   */
  read(signal: AbortSignal): Promise<Reading[]>
  close?(): void
}

/** What was learnt of one device in one poll, in base units. */
export interface Reading {
  /** part of the machine, such as `gpu3`; absent: the machine itself */
  part?: string
  /** the part of the same machine whose energy this one's is part of: an outlet is behind its PDU's inlet */
  behind?: string
  /** `tags`: what the machine's own labels say, such as an outlet's name; the configuration's stand above them */
  identity: Omit<Device, 'deviceId' | 'driver' | 'location' | 'meteredBy'>
  sample: Omit<Sample, 'deviceId' | 'observedAtMs'>
  counters?: Counters
  shares?: AcceptedShares
}

/** What a miner's pools took of it, its firmware maker's aside; absent: its API doesn't say. */
export interface AcceptedShares {
  /** since its start */
  accepted: number
  /** difficulty-1 shares that one stands for: what the pool asks now, or asked on average, whichever is more */
  difficulty?: number
}

/**
 * Cumulative values since a start that the device chooses; a smaller value than before is a new start.
 * The accumulator turns their differences into interval records.
 */
export interface Counters {
  /** the device's own energy counter, J */
  energyJ?: number
  /** work that each pool accepted, in difficulty-1 shares, and what was earned by tokens, by owner */
  byOwner?: OwnerCounters[]
}

export interface OwnerCounters {
  owner: Owner
  workDiff1?: number
  tokensIn?: number
  /** of tokensIn what came from a cache */
  tokensInCached?: number
  tokensOut?: number
}

/** What an unknown machine said when it was asked everything that doesn't hurt. Absent: it didn't answer. */
export interface FirstAnswers {
  /** TCP 4028 `version`, upper-cased text */
  version4028?: string
  /** TCP 4028 `devdetails`, upper-cased text */
  devdetails4028?: string
  /** TCP 4028 `stats`, upper-cased text; asked only where the two above name no firmware */
  stats4028?: string
  /** HTTP GET `/`, of any status, redirects not followed; header names in lower case, the body's first 64 KiB as it came */
  httpRoot?: { status: number; headers: Record<string, string>; body: string }
  /** HTTP GET `/api/system/info`: the body where it answers 200 */
  systemInfo?: string
  /** whether TCP 4433 accepts a connection */
  port4433?: boolean
}

export const defineDriver = <S extends z.ZodObject>(driver: Driver<S>): Driver<S> => driver
