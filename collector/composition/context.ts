import type { Log } from '../../protocol/kit/log.ts'
import type { SmallFiles } from '../../protocol/kit/small-files.ts'
import type { Program } from '../../protocol/program.ts'
import type { ClockWatch } from '../clocks/clock-watch.ts'
import type { CollectorConfig } from '../config/config.ts'
import type { Health } from '../metrics/health.ts'

/** What every part of the collector may need. */
export interface Context {
  config: CollectorConfig
  log: Log
  version: string
  /** this run of the program */
  program: Program
  nowMs: () => number
  /** writes the files of the data folder */
  files: SmallFiles
  /** the collector's clock beside the others */
  clocks: ClockWatch
  /** what is counted for /metrics */
  health: Health
}
