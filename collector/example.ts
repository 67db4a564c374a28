/** A configuration to begin with, every part of it commented: printed by `perwatt-collector check --example`. */
export const EXAMPLE = `# perwatt-collector: hears the agents, keeps the ledger, shows the screens, sends the alerts.
# Check it with: perwatt-collector check --config collector.yaml
# Editors complete and check it with collector.schema.json (perwatt-collector check --schema).

site:
  id: plains-1                  # the same in every agent
  name: Plains One              # on the screens
  timeZone: America/Chicago
  meter: site-meter             # deviceId of the meter that all power goes through
  powerLimitW: 40000000         # contract limit
  simulated: false              # true takes agents with emulated machines, marked on every screen

# The embedded store, the outbox and the inventories.
dataFolder: /var/lib/perwatt

# The broker inside the collector, or one of your own: url: mqtt://broker.example:1883
mqtt:
  embedded:
    host: 127.0.0.1             # 0.0.0.0 for agents on other machines; then set a password
    port: 1883
    # password: { file: /run/credentials/perwatt-collector.service/mqtt }

# Screens and API.
http:
  host: 127.0.0.1               # 0.0.0.0 for the control room; then set a token
  port: 8080
  # token: { file: /run/credentials/perwatt-collector.service/http }

# Where the ledger is kept: the embedded DuckDB, or an InfluxDB 1.x.
store:
  duckdb:
    path: ledger.duckdb         # inside the data folder
    memoryLimitMb: 256
  # influx:
  #   url: http://127.0.0.1:8086
  #   database: perwatt

ledger:
  settleDelay: 20s              # how long a minute waits for its records; a later one restates it
  retention: 400d

# Prices hold from the moment they are first seen; the past keeps its own.
prices:
  energyUsdPerKwh: 0.045
  btcUsd: 95000
  difficulty: 150e12
  blockHeight: 925000
  feesBtcPerBlock: 0.03

# What earns. The first workload that fits an owner's facts takes it; * stands for any text.
workloads:
  - name: mining
    kind: mining
    scheme: fpps
    poolFeeRatio: 0.02
    match:
      - poolUrl: "*"
  - name: gpu-rental
    kind: gpu-hour
    usdPerGpuHour: 2.10
    match:
      - namespace: "tenant-*"
      - slurmAccount: "*"
  - name: inference
    kind: tokens
    usdPerMillionTokensIn: 0.15
    usdPerMillionTokensOut: 0.60
    match:
      - namespace: inference
      - service: "*"

alerts:
  rules:
    hot: { for: 1m, raise: 95, clear: 90 }
  receivers:
    - name: ops
      webhook:
        url: https://hooks.example/perwatt
        secret: whsec_ZXhhbXBsZS1zZWNyZXQtY2hhbmdlLW1lLXBsZWFzZQ==
        # an address inside your network is reached only where you allow its range
        allowPrivate: []

log:
  level: info
`
