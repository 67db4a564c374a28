/** The collector's configuration of the demo site. Its prices are typed, and are public figures of the trade. */
export const demoCollectorYaml = (o: {
  dataFolder: string
  port: number
  brokerPort: number
}): string => `# The demo site. Written by perwatt-collector demo at every start; copy it to make your own.
site:
  id: demo
  name: Demo site
  timeZone: America/Chicago
  meter: site-meter
  powerLimitW: 165000
  simulated: true
dataFolder: ${JSON.stringify(o.dataFolder)}
mqtt:
  embedded: { host: 127.0.0.1, port: ${o.brokerPort} }
http: { host: 127.0.0.1, port: ${o.port} }
store: { store: duckdb, path: ledger.duckdb }
prices:
  energyUsdPerKwh: 0.045
  btcUsd: 95000
  difficulty: 120e12
  blockHeight: 925000
  feesBtcPerBlock: 0.03
workloads:
  - name: mining
    kind: mining
    poolFeeRatio: 0.02
    match: [{ poolUrl: "*" }]
  - name: h100-rental
    kind: gpu-hour
    usdPerGpuHour: 2.10
    match: [{ namespace: "tenant-*", model: "*H100*" }]
  - name: l40s-rental
    kind: gpu-hour
    usdPerGpuHour: 0.65
    match: [{ namespace: "tenant-*", model: "*L40S*" }]
  - name: inference
    kind: tokens
    usdPerMillionTokensIn: 0.05
    usdPerMillionTokensOut: 0.20
    match: [{ namespace: inference }, { service: "*" }]
`

/** The agent that reads this machine: the only real device of the demo. */
export const hostAgentYaml = (o: {
  hostId: string
  mqttUrl: string
  spoolFolder: string
}): string => `# This machine, read by perwatt-collector demo.
site: demo
agent: this-machine
mqtt: { url: "${o.mqttUrl}" }
spool: { folder: ${JSON.stringify(o.spoolFolder)} }
devices:
  - id: ${o.hostId}
    driver: host
`

/** The options of `perwatt-agent simulate` for the demo's emulated site. */
export const simulatorArgs = (of: {
  folder: string
  mqttUrl: string
  seed: string
  base: string
  faces: string
}): string[] => [
  ...['--write', of.folder, '--mqtt-url', of.mqttUrl],
  ...['--seed', of.seed, '--base', of.base, '--faces', of.faces],
]
