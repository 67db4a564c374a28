import { loadConfig, readConfig } from '../../protocol/kit/config.ts'
import { UsageError } from '../../protocol/kit/errors.ts'
import { type CollectorConfig, CollectorConfigSchema } from './config.ts'
import { fromEarlierForm } from './earlier-form.ts'

/**
 * Reads the collector's configuration.
 * @throws UsageError with one line for each fault; where the file is in the form of an earlier version, the last line names the
 *   command that brings it into today's
 */
export function loadCollectorConfig(file: string): CollectorConfig {
  try {
    return loadConfig(CollectorConfigSchema, file)
  } catch (error) {
    if (!(error instanceof UsageError) || !isEarlier(file)) throw error
    throw new UsageError([
      ...error.lines,
      `${file}: it is in the form of an earlier version; perwatt-collector convert --config ${file} shows it in today's`,
    ])
  }
}

function isEarlier(file: string): boolean {
  try {
    return fromEarlierForm(readConfig(file)).changes.length > 0
  } catch {
    // the file itself can't be read, which the first error says
    return false
  }
}
