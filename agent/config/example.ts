/** A configuration to begin with, every part of it commented: printed by `perwatt-agent check --example`. */
export const EXAMPLE = `# perwatt-agent: what this agent reads, and where it sends it.
# Check it with: perwatt-agent check --config agent.yaml
# Editors complete and check it with agent.schema.json (perwatt-agent check --schema).

# The site's name, the same in the collector; and this agent's own name within the site.
site: plains-1
agent: container-01

# The broker. Passwords: the text itself, { file: /path } or { env: NAME }.
mqtt:
  url: mqtt://127.0.0.1:1883
  # username: container-01
  # password: { file: /run/credentials/perwatt-agent.service/mqtt }

# How often each device is read, and how long it may take to answer.
pollInterval: 10s
timeout: 5s

# A miner that shows a hashrate is faulty when its pool accepts no share for so long. Pools that ask for
# difficult shares are given longer: ten times what a share takes on average.
shareTimeout: 10m

# Records wait on disk until the collector's store has them. At the bound the oldest go, and the ledger says so.
spool:
  # folder: /var/lib/perwatt-agent/container-01
  maxBytes: 1GiB
  maxAge: 7d

log:
  level: info # debug, info, warn or error

# true only where the devices are emulated: everything is then marked as simulated.
simulated: false

devices:
  # A miner whose firmware is found by asking it. With the MAC or serial number that is expected at its
  # address, perwatt-agent scan --write follows it to a new lease.
  - id: c01-r01-s01
    driver: auto
    host: 192.0.2.11
    hardwareId: 02:00:5E:00:01:11
    location: { container: C01, rack: R01, slot: "01" }

  # A miner of a known family. Stock Antminers report no power: it is modelled from the hashrate and
  # the model's efficiency, and marked so.
  - id: c01-r01-s02
    driver: antminer
    host: 192.0.2.12
    location: { container: C01, rack: R01, slot: "02" }
    expectedHashrateHs: 200e12
    # Some things are told over HTTP only, with a login: here the MAC and whether it sleeps. No default
    # password is ever tried unasked.
    # web: { username: root, password: { file: /run/credentials/perwatt-agent.service/miners } }

  # GPUs behind a DCGM exporter: one device a GPU (gpu-01/gpu0, gpu-01/gpu1, ...).
  - id: gpu-01
    driver: dcgm
    url: http://192.0.2.31:9400/metrics
    location: { container: AI, rack: R01 }

  # An LLM server's token counters.
  - id: llm-01
    driver: llm-server
    url: http://192.0.2.31:8000/metrics
    service: chat

  # The site meter.
  - id: site-meter
    driver: modbus-meter
    host: 192.0.2.2
    map: schneider-iem3000

  # The machine that the agent runs on.
  - id: controller-01
    driver: host
`
