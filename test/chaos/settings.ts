import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'

/** Poll interval of the run's agents. */
export const POLL_MS = 2_000
export const SETTLE_DELAY_MS = 5_000
export const SITE = 'demo'
export const METER = 'site-meter'

/** Writes an agent's configuration: the simulator's, with the run's broker, poll interval and spool. @returns the file */
export function agentConfig(
  folder: string,
  agent: string,
  brokerUrl: string,
  spoolFolder: string,
  name = agent,
  pollMs = POLL_MS,
): string {
  const written = parse(readFileSync(join(folder, `${agent}.yaml`), 'utf8')) as Record<string, unknown>
  const file = join(folder, `${name}-chaos.yaml`)
  const config = {
    ...written,
    mqtt: { url: brokerUrl },
    pollInterval: `${pollMs}ms`,
    timeout: `${pollMs}ms`,
    spool: { folder: spoolFolder },
  }
  writeFileSync(file, stringify(config, { aliasDuplicateObjects: false }))
  return file
}

/** Writes the collector's configuration. @returns the file */
export function collectorConfig(
  folder: string,
  o: { brokerUrl: string; httpPort: number; influxUrl: string | undefined; name?: string },
): string {
  const { name = 'collector' } = o
  mkdirSync(join(folder, name), { recursive: true })
  const file = join(folder, `${name}.yaml`)
  const config = {
    site: { id: SITE, meter: METER, simulated: true },
    dataFolder: join(folder, name),
    mqtt: { url: o.brokerUrl },
    http: { port: o.httpPort },
    store: o.influxUrl === undefined ? { store: 'duckdb' } : { store: 'influx', url: o.influxUrl },
    ledger: { settleDelay: `${SETTLE_DELAY_MS}ms` },
    prices: { energyUsdPerKwh: 0.05, btcUsd: 90_000, difficulty: 120e12, blockHeight: 925_000 },
    workloads: [
      { name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] },
      { name: 'rental', kind: 'gpu-hour', usdPerGpuHour: 2, match: [{ namespace: 'tenant-*' }] },
      {
        name: 'inference',
        kind: 'tokens',
        usdPerMillionTokensIn: 0.2,
        usdPerMillionTokensOut: 0.6,
        match: [{ namespace: 'inference' }, { service: '*' }],
      },
    ],
  }
  writeFileSync(file, stringify(config))
  return file
}
