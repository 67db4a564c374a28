import { defined } from '../../protocol/kit/defined.ts'
import type { Prices } from '../../protocol/quote.ts'
import type { Baseline, BaselinePrices } from '../economics/choices/baseline.ts'
import type { EnergyPrice, MachineBlock } from '../economics/choices/better-use.ts'
import type { Costs } from '../economics/site-settings.ts'
import type { Workload } from '../economics/workloads.ts'
import { machineBlocks } from './machine-blocks.ts'
import { baselineOf } from './site-baseline.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** The inputs of advice, what-if and break-even: the site at one moment. */
export interface ChoiceInputs {
  baseline: Baseline
  blocks: MachineBlock[]
  price: EnergyPrice
  /** whether emulated machines are included */
  simulated: boolean
}

/** Builds the inputs from a snapshot of the live plane. */
export function choiceInputs(
  snapshot: LiveSnapshot,
  { workloads, costs }: { workloads: readonly Workload[]; costs: Costs },
): ChoiceInputs {
  const blocks = machineBlocks(snapshot, workloads)
  const prices = pricesOf(snapshot.prices)
  return {
    baseline: baselineOf(snapshot, blocks, prices, workloads),
    blocks,
    price: {
      energyUsdPerKwh: prices.energyUsdPerKwh,
      transmissionUsdPerKwh: costs.transmissionUsdPerKwh,
    },
    simulated: snapshot.agents.some((a) => a.simulated),
  }
}

const pricesOf = (prices: Prices): BaselinePrices =>
  defined({
    btcUsd: prices.btcUsd?.value,
    difficulty: prices.difficulty?.value,
    blockHeight: prices.blockHeight?.value,
    feesBtcPerBlock: prices.feesBtcPerBlock?.value,
    energyUsdPerKwh: prices.energyUsdPerKwh?.value,
  })
