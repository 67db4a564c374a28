import { z } from 'zod'
import { loadConfig } from '../../protocol/kit/config.ts'
import { VERSION } from '../../protocol/kit/version.ts'
import { CHANNEL_FACTORIES } from '../channels/index.ts'
import { collectorConfigSchema } from '../config/config.ts'
import { EXAMPLE } from '../config/example.ts'

/** Checks a configuration without starting anything; or prints the schema, or an example. */
export function check(options: { config: string; schema?: boolean; example?: boolean }): void {
  const schema = collectorConfigSchema(CHANNEL_FACTORIES.map((create) => create({ version: VERSION })))
  if (options.schema) {
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
    process.stdout.write(
      `${JSON.stringify({ title: 'perwatt-collector configuration', ...json }, null, 2)}\n`,
    )
    return
  }
  if (options.example) {
    process.stdout.write(EXAMPLE)
    return
  }
  const { site, workloads, store, alerts, mqtt, feeds } = loadConfig(schema, options.config)
  const parts = [
    `site ${site.id}`,
    `${workloads.length} workloads (${workloads.map((w) => w.name).join(', ') || 'none: all energy counts as unassigned'})`,
    `store ${Object.keys(store)[0]}`,
    `broker ${mqtt.url ?? 'embedded'}`,
    `${feeds.length} feeds (${feeds.map((f) => f.name).join(', ') || 'prices are typed or pushed'})`,
    `${alerts.receivers.length} alert receivers`,
  ]
  process.stdout.write(`${options.config} is right: ${parts.join(', ')}\n`)
}
