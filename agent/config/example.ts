/** A first configuration with a comment on each part; `perwatt-agent check --example` prints it. */
export const EXAMPLE = `# perwatt-agent: which devices this agent reads, and where it sends the readings.
# Check it with: perwatt-agent check --config agent.yaml
# Editors complete and check it with agent.schema.json (perwatt-agent check --schema).

# The site's name is the same in the collector. The agent's name is unique within the site.
site: plains-1
agent: container-01

# The broker. Passwords: the text itself, { file: /path } or { env: NAME }.
mqtt:
  url: mqtt://127.0.0.1:1883
  # username: container-01      # with a password alone, the name of this agent
  # password: { file: /run/credentials/perwatt-agent.service/mqtt }

# Only where the networks of several agents use the same addresses for different machines: the name of this one.
# network: hall-2

# How long a device may take to answer.
timeout: 5s

# How often devices are read, 1s to 60s. Without this: miners, BMCs and GPUs that are read by a program each 10s, all else each
# second. By kind (asic, gpu, host, meter, service) or driver; a device may have its own pollInterval; pollInterval here is all others'.
# pollIntervals: { asic: 10s, modbus-meter: 2s }

# A miner that shows a hashrate is marked faulty when its pool accepts no share for this long. Where shares are
# rare, the limit is ten times the average time of one share.
shareTimeout: 10m

# Interval records wait on disk until the collector's store has them. When a limit is reached, the oldest records
# are deleted, and the ledger shows the loss.
spool:
  # folder: /var/lib/perwatt-agent/container-01
  maxBytes: 1GiB
  maxAge: 7d

# A page for Prometheus, http://127.0.0.1:8081/metrics, of the agent's own health. Without it no port is opened.
# metrics:
#   port: 8081        # each agent of a machine needs its own
#   host: 0.0.0.0     # for a Prometheus on another machine; then set a token
#   token: { file: /run/credentials/perwatt-agent.service/metrics }

log:
  level: info # debug, info, warn or error

# true only where the devices are emulated: every screen then marks this agent's data as simulated.
simulated: false

devices:
  # A miner whose firmware the agent finds out by itself. hardwareId is the MAC or serial number that is
  # expected at the address: with it, perwatt-agent scan --write follows the miner to a new DHCP lease.
  - id: c01-r01-s01
    driver: auto
    host: 192.0.2.11
    hardwareId: 02:00:5E:00:01:11
    location: { container: C01, rack: R01, slot: "01" }

  # A miner of a known family. Stock Antminers report no power: the agent models it from the hashrate and
  # the model's efficiency, and marks it as modelled.
  - id: c01-r01-s02
    driver: antminer
    host: 192.0.2.12
    location: { container: C01, rack: R01, slot: "02" }
    expectedHashrateHs: 200e12
    # The MAC, and whether the miner sleeps, need a login to its web interface. Without one here, none is
    # tried: the agent never guesses a default password.
    # web: { username: root, password: { file: /run/credentials/perwatt-agent.service/miners } }

  # GPUs behind a DCGM exporter: one device a GPU (gpu-01/gpu0, gpu-01/gpu1, ...).
  - id: gpu-01
    driver: dcgm
    url: http://192.0.2.31:9400/metrics
    location: { container: AI, rack: R01 }

  # An LLM server, for its token counters.
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
