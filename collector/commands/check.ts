import { z } from 'zod'
import { loadConfig } from '../../protocol/kit/config.ts'
import { counted } from '../../protocol/kit/counted.ts'
import { CollectorConfigSchema } from '../config/config.ts'
import { EXAMPLE } from '../config/example.ts'

/** Checks a configuration without starting anything; or prints the schema, or an example. */
export function check(options: { config: string; schema?: boolean; example?: boolean }): void {
  if (options.schema) {
    const json = z.toJSONSchema(CollectorConfigSchema, { io: 'input', unrepresentable: 'any' })
    process.stdout.write(
      `${JSON.stringify({ title: 'perwatt-collector configuration', ...json }, null, 2)}\n`,
    )
    return
  }
  if (options.example) {
    process.stdout.write(EXAMPLE)
    return
  }
  const { site, workloads, store, alerts, mqtt, feeds } = loadConfig(CollectorConfigSchema, options.config)
  const parts = [
    `site ${site.id}`,
    `${counted(workloads.length, 'workload')} (${workloads.map((w) => w.name).join(', ') || 'none: all energy counts as unassigned'})`,
    `store ${store.store}`,
    `broker ${mqtt.url ?? 'embedded'}`,
    `${counted(feeds.length, 'feed')} (${feeds.map((f) => f.name).join(', ') || 'prices are typed or pushed'})`,
    counted(alerts.receivers.length, 'alert receiver'),
  ]
  process.stdout.write(`${options.config} is valid: ${parts.join(', ')}\n`)
}
