import type { Holder } from '../../protocol/owner.ts'
import type { PowerBasis } from '../../protocol/sample.ts'
import { coolingOf } from './models/cooling.ts'
import type { PoolFacts } from './pools.ts'

/** One hashboard as its machine shows it. */
export interface Board {
  name: string
  /** absent: the machine gives no hashrate for each board */
  hashrateHs?: number | undefined
  chipsWorking?: number | undefined
  chipsFitted?: number | undefined
  /** why the machine itself reports it as not working */
  dead?: string | undefined
}

export interface Fan {
  name: string
  rpm: number
}

/** A hashrate that a machine tells beside its present one. */
export interface HashrateBeside {
  /** for messages: `its average of 1 min` */
  name: string
  hashrateHs: number | undefined
  /** s that it is an average of; 0: it is measured when the present one is */
  windowS: number
}

export interface Power {
  powerW: number
  basis: PowerBasis
}

/** What a driver found in a miner's replies, in base units; what it did not find is undefined. */
export interface AsicFacts {
  model?: string | undefined
  firmware?: string | undefined
  hardwareId?: string | undefined
  /** the mining algorithm, or the coin, as the machine names it; absent: `MinedAlgorithm` finds it by other signs */
  algorithm?: string | undefined
  /** firmware that runs on SHA-256 machines alone */
  sha256Only?: boolean
  hashrateHs?: number | undefined
  hashrateAvgHs?: number | undefined
  expectedHashrateHs?: number | undefined
  /** its other hashrates, beside the average, the expected one and the boards; `HashratesBeside` holds the present one against them */
  hashratesBeside?: readonly HashrateBeside[]
  /** true: the hashrates of `boards` are measured when the present one is, so they do not lag behind it */
  boardsAreNow?: boolean
  power?: Power | undefined
  /** the model's rated J/TH, for a machine that does not report its power */
  efficiencyJPerTh?: number | undefined
  /** firmware that tunes the machine, so that its model's rating holds only near the rated hashrate */
  aftermarket?: boolean
  powerLimitW?: number | undefined
  /** undefined: the reply does not show all boards */
  boards?: readonly Board[] | undefined
  /** boards that the machine should have; where more are listed, that number counts */
  boardsFitted?: number | undefined
  chipTempsC?: readonly number[]
  boardTempsC?: readonly number[]
  inletTempC?: number | undefined
  fans?: readonly Fan[] | undefined
  /** true: `fans` lists slots, and a fan that has never turned is an empty slot */
  fanSlots?: boolean
  /** true: the machine says that water or oil cools it; `coolingFans` knows such machines by their models too */
  liquidCooled?: boolean
  uptimeS?: number | undefined
  /** stopped by its operator or a schedule, which is no fault; where several answers tell it, `stopped` says so by answer */
  asleep?: boolean
  /**
   * by each answer that tells it: whether it says that the machine was told to stop. Undefined: the answer is missing now; the
   * session then uses the last one (`ToldToStop`)
   */
  stopped?: Readonly<Record<string, boolean | undefined>>
  /** the machine reports that it has not begun to hash */
  starting?: boolean
  /** it hashes already, but still raises the frequency of its chips */
  ramping?: boolean
  /** faults that the machine itself reports */
  faults?: readonly string[]
  /** messages for the operator that do not make the machine faulty */
  notes?: readonly string[]
  pools?: PoolFacts | undefined
  /** the session's: who has the work of a machine that hashes and does not tell it now */
  worksFor?: readonly Holder[] | undefined
  /** accepted part of the shares of a machine whose work is estimated, 0 to 1, as it was last told */
  acceptedRatio?: number
  /** the session's: that part was last told of too few shares to say much */
  paidOfFew?: boolean
  /** the session's: no counter counts its work, so it is estimated */
  uncountedWork?: boolean
}

/** What each later source knows replaces what the earlier ones say; an empty text or list is not known. */
export function mergedFacts(...sources: readonly AsicFacts[]): AsicFacts {
  const merged: AsicFacts = Object.fromEntries(
    sources.flatMap((facts) => Object.entries(facts).filter(([, value]) => isKnown(value))),
  )
  for (const flag of ['asleep', 'starting', 'ramping', 'liquidCooled', 'fanSlots'] as const)
    if (sources.some((facts) => facts[flag])) merged[flag] = true
  const stopped = sources.flatMap((facts) => Object.entries(facts.stopped ?? {}))
  if (stopped.length > 0) merged.stopped = Object.fromEntries(stopped)
  return merged
}

const isKnown = (value: unknown): boolean =>
  value !== undefined &&
  value !== '' &&
  !(Array.isArray(value) && value.length === 0) &&
  // a list without pools
  !(isPools(value) && value.configured === 0)

const isPools = (value: unknown): value is PoolFacts =>
  typeof value === 'object' && value !== null && 'configured' in value

/** The fans whose speed is known. */
export const fansWithSpeed = (fans: readonly { name: string; rpm: number | undefined }[]): Fan[] =>
  fans.flatMap(({ name, rpm }) => (rpm === undefined ? [] : [{ name, rpm }]))

/** The sum; undefined where a part is unknown, or there are no parts. */
export function sumOfAll(parts: readonly (number | undefined)[]): number | undefined {
  if (parts.length === 0 || !parts.every((part) => part !== undefined)) return undefined
  return parts.reduce((sum, part) => sum + part, 0)
}

/** The lowest temperature: of several inlet sensors, the one in the coldest air. */
export const coldest = (tempsC: readonly number[]): number | undefined =>
  tempsC.length > 0 ? Math.min(...tempsC) : undefined

/**
 * The fans that must turn. A machine that water or oil cools has none, though its firmware lists them at 0 rpm; one that turns
 * all the same stays. Where the model is unknown, and all of its fans stand still while it hashes, it may be such a machine.
 */
export function coolingFans({ fans = [], liquidCooled, model, hashrateHs }: AsicFacts): readonly Fan[] {
  const liquid = liquidCooled || coolingOf(model) !== 'air'
  const mayBe = !model && !!hashrateHs && fans.every((fan) => fan.rpm === 0)
  return liquid || mayBe ? fans.filter((fan) => fan.rpm > 0) : fans
}

/**
 * The facts without the hashrate of a machine that was told to stop: an average falls for minutes after it, and some firmware keeps its
 * last figure for ever. Neither is work.
 */
export const withoutResidue = (facts: AsicFacts): AsicFacts =>
  facts.asleep && facts.hashrateHs ? { ...facts, hashrateHs: 0 } : facts
