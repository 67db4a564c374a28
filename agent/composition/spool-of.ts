import type { Log } from '../../protocol/kit/log.ts'
import { type AgentConfig, spoolFolderOf } from '../config/config.ts'
import { homeOf } from '../uplink/spool/home.ts'
import { Spool } from '../uplink/spool/spool.ts'

/** The spool of an agent: that of the stopped agent which it replaces at a reload, where it serves the same settings. */
export function spoolOf(
  config: AgentConfig,
  kept: Spool | undefined,
  parts: { nowMs: () => number; clockHolds: () => boolean; log: Log },
): Spool {
  const { maxBytes, maxAge: maxAgeMs } = config.spool
  const settings = { folder: spoolFolderOf(config), maxBytes, maxAgeMs }
  if (kept?.serves(settings)) return kept
  return new Spool({ ...settings, ...parts, home: homeOf(config.site, config.agent, settings.folder) })
}
