import { pluginNamed } from '../../protocol/kit/plugin.ts'
import type { StoreRepair } from '../plugin/store-repair.ts'
import { STORES } from '../stores/index.ts'
import type { Context } from './context.ts'

/**
 * Plans the repair of the configured store, and changes nothing yet. Resolves with undefined where it is whole, or is a server that
 * repairs itself. Rejects where the store can't be repaired, or a running collector has it open.
 */
export async function planRepair({
  config,
  log,
}: Pick<Context, 'config' | 'log'>): Promise<StoreRepair | undefined> {
  const plugin = pluginNamed(STORES, config.store.store)
  return plugin.repair?.(config.store, { dataFolder: config.dataFolder, log })
}
