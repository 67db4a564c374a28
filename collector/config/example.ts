/** A configuration to begin with, every part of it commented: printed by `perwatt-collector check --example`. */
export const EXAMPLE = `# perwatt-collector: receives what the agents read, keeps the ledger, shows the screens, sends the alerts.
# Check it with: perwatt-collector check --config collector.yaml
# Editors complete and check it with collector.schema.json (perwatt-collector check --schema).

site:
  id: plains-1                  # the same in every agent
  name: Plains One              # on the screens
  timeZone: America/Chicago
  # currency: EUR               # the screens show money in it; the ledger is in USD
  meter: site-meter             # deviceId of the meter of all the site's power
  powerLimitW: 40000000         # contract limit
  simulated: false              # true accepts agents with emulated machines, and marks them on every screen

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
  store: duckdb
  path: ledger.duckdb           # inside the data folder
  memoryLimitMb: 256
# store: { store: influx, url: http://127.0.0.1:8086, database: perwatt }

ledger:
  settleDelay: 20s              # how long a minute waits for its records; a later one restates it
  retention: 400d

# A price holds from an hour before the collector first reads it, where none was known; settled minutes keep their own.
prices:
  energyUsdPerKwh: 0.045
  btcUsd: 95000
  difficulty: 150e12
  blockHeight: 925000
  feesBtcPerBlock: 0.03
  # fx: { EUR: 0.92 }           # euros for one USD, for site.currency

# Where prices come from. Of several feeds with the same price, the first in this list that is fresh counts. A price typed above counts
# until a feed has published it. A price pushed by POST /api/v1/quotes or perwatt-collector quote comes before all.
feeds: []
  # - { feed: bitcoin-node, cookieFile: /var/lib/bitcoind/.cookie }
  # - { feed: mempool, currencies: [EUR] }
  # - { feed: tickers, exchanges: [kraken, coinbase, bitstamp] }
  # - feed: time-of-use
  #   timeZone: America/Chicago
  #   rates:
  #     - { months: [6, 7, 8, 9], weekdays: [mon, tue, wed, thu, fri], from: "14:00", to: "20:00", usdPerKwh: 0.11 }
  #   otherwise: 0.038
  # - feed: price-csv
  #   name: day-ahead
  #   path: /var/lib/perwatt/day-ahead.csv
  #   timeColumn: start
  #   priceColumn: usdPerMwh
  #   scale: 0.001
  # - feed: http-price
  #   url: https://prices.example/now
  #   path: $.lmp
  #   scale: 0.001
  #   headers: { X-Api-Key: { env: KEY } }

# What earns. The first workload that matches an owner's facts takes it; * stands for any text.
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

  # - name: acme-colo             # paid whatever it draws; its cage has a meter behind the site's
  #   kind: colocation
  #   customer: Acme
  #   from: 2026-11-01T00:00:00-05:00
  #   contractedKw: 500
  #   usdPerKwMonth: 140
  #   energyPassedOn: used
  #   slaCreditRatio: 10
  #   match:
  #     - tag.customer: acme

# Who pays for the watts that no machine reports: the workloads, or a line of their own.
attribution:
  hostRemainder: workloads        # what a GPU host takes beyond its GPUs
  siteOverhead: overhead          # cooling, network, losses
  # pue: 1.3                      # without a site meter

# Costs of energy besides its price.
costs:
  transmissionUsdPerKwh: 0
  # demand: { usdPerKwMonth: 9.50, billedKw: 38000 }
  # depreciation:
  #   - { match: { model: "*S21*" }, usdPerDevice: 3200, months: 36 }

# Mining pools, only read: their credits are compared with the workload that mines for the account.
# pools:
#   - pool: braiins             # antpool, braiins, f2pool, luxor, ocean, viabtc
#     name: acme
#     workload: mining
#     token: { file: /run/credentials/perwatt-collector.service/braiins }

# A rule that is not listed runs with its defaults; enabled: false switches one off.
alerts:
  rules:
    - { rule: hot, for: 1m, raise: 95, clear: 90 }
    # - { rule: meters-disagree, enabled: false }
  receivers:
    - channel: webhook
      name: ops
      url: https://hooks.example/perwatt
      secret: whsec_ZXhhbXBsZS1zZWNyZXQtY2hhbmdlLW1lLXBsZWFzZQ==
      # an address inside your network is reached only where you allow its range
      allowPrivate: []

# GET /metrics is a page for Prometheus, with the site's and the workloads' figures and the collector's own health.
metrics:
  devices: false                # true: figures of every device; or rules: [{ kind: gpu }, { container: C01 }]

log:
  level: info
`
