import { z } from 'zod'
import { counted } from '../../protocol/kit/counted.ts'
import { printJson, printLine } from '../../protocol/kit/terminal.ts'
import { COLLECTOR_NAME } from '../../protocol/topics.ts'
import { type CollectorConfig, CollectorConfigSchema } from '../config/config.ts'
import { EXAMPLE } from '../config/example.ts'
import { loadCollectorConfig } from '../config/load.ts'

/** The broker, and how the collector or its agents are known there. */
function brokerText({ url, embedded, username, password }: CollectorConfig['mqtt']): string {
  if (embedded)
    return embedded.password
      ? 'broker embedded (agents need its password)'
      : 'broker embedded (agents need no password)'
  if (username === undefined && password === undefined) return `broker ${url} (without a user)`
  return `broker ${url} (as user ${username ?? COLLECTOR_NAME}${password ? '' : ', without a password'})`
}

/** Checks a configuration without starting anything; or prints the schema, or an example. */
export function check(options: { config: string; schema?: boolean; example?: boolean }): void {
  if (options.schema) {
    const json = z.toJSONSchema(CollectorConfigSchema, { io: 'input', unrepresentable: 'any' })
    printJson({ title: 'perwatt-collector configuration', ...json }, 2)
    return
  }
  if (options.example) {
    printLine(EXAMPLE.trimEnd())
    return
  }
  const { site, workloads, store, alerts, mqtt, feeds } = loadCollectorConfig(options.config)
  const parts = [
    `site ${site.id}`,
    `${counted(workloads.length, 'workload')} (${workloads.map((w) => w.name).join(', ') || 'none: all energy counts as unassigned'})`,
    `store ${store.store}`,
    brokerText(mqtt),
    `${counted(feeds.length, 'feed')} (${feeds.map((f) => f.name).join(', ') || 'prices are typed or pushed'})`,
    counted(alerts.receivers.length, 'alert receiver'),
  ]
  printLine(`${options.config} is valid: ${parts.join(', ')}`)
}
