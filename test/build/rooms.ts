/**
 * The house: each folder that holds code is a room, and this table says what a room may import. Rows stand from the ground up,
 * so a room imports only rooms above it in this list. What is not in the table is refused (rooms.test.ts); ARCHITECTURE.md's
 * picture and list of rooms are generated from it.
 */
export interface Room {
  /** what lives here, in one line */
  readonly holds: string
  /** the rooms that it may import; its own files always */
  readonly imports: readonly string[]
  /** npm packages and Node's modules that it may import; `node:*` is all of Node's */
  readonly packages: readonly string[]
  /**
   * each file, and each folder, is a part of its own that imports no other part of the room. `index.ts` lists them and may import
   * them all.
   */
  readonly parts?: true
}

const KIT = 'protocol/kit'
const HTTP = 'protocol/kit/http'
const MQTT = 'protocol/kit/mqtt'
const METRICS = 'protocol/kit/metrics'
const PROTOCOL = [KIT, 'protocol']

export const ROOMS: Readonly<Record<string, Room>> = {
  [KIT]: {
    holds: 'tools that both programs share: configuration, errors, log, retry, secrets, command line',
    imports: [],
    packages: [
      'node:child_process',
      'node:events',
      'node:fs',
      'node:net',
      'node:os',
      'node:path',
      'node:timers/promises',
      'node:util',
      'commander',
      'yaml',
      'zod',
    ],
  },
  [HTTP]: {
    holds: 'the HTTP client: bounded, guarded against private addresses, and what each refusal means',
    imports: [KIT],
    packages: ['node:dns', 'node:http', 'node:https', 'node:net', 'zod'],
  },
  [MQTT]: {
    holds: 'one MQTT connection: back-off, subscriptions, last will; drivers and plug-ins may not import it',
    imports: [KIT],
    packages: ['mqtt', 'mqtt-packet'],
  },
  [METRICS]: {
    holds: 'pages for Prometheus: families, both texts, columns of a hundred thousand devices, back-pressure',
    imports: [KIT],
    packages: ['node:fs/promises', 'node:http', 'node:timers/promises', 'node:zlib'],
  },
  protocol: {
    holds: 'what agent and collector agree on: devices, samples, intervals, owners, quotes, topics, units',
    imports: [KIT],
    packages: ['zod'],
  },

  'agent/plugin': {
    holds: 'the contract of a driver, what a reading is, and how each is held against itself',
    imports: PROTOCOL,
    packages: ['zod'],
  },
  'agent/wire/loose-json': {
    holds:
      'tolerant readers of the JSON that firmware sends: parsing, fields, hardware ids, the end of a reply',
    imports: [],
    packages: [],
  },
  'agent/wire/tcp': {
    holds: 'TCP: addresses, messages with their length before them, failures and what to check',
    imports: [KIT],
    packages: ['node:net'],
  },
  'agent/wire/cgminer': {
    holds: 'the cgminer API of miners (TCP 4028): one command, one reply, as JSON or text',
    imports: [KIT, 'agent/wire/loose-json', 'agent/wire/tcp'],
    packages: ['node:net'],
  },
  'agent/wire/snmp': {
    holds: 'SNMP 1, 2c and 3, read-only',
    imports: [KIT, 'agent/wire/loose-json'],
    packages: ['node:dgram', 'node:net', 'net-snmp', 'zod'],
  },
  'agent/wire': {
    holds: 'the other transports: HTTP with its logins, GraphQL, Modbus, commands, sysfs, Prometheus pages',
    imports: [...PROTOCOL, HTTP, 'agent/wire/loose-json', 'agent/wire/tcp', 'agent/wire/cgminer'],
    packages: ['node:*', 'jsmodbus', 'zod'],
  },
  'agent/config': {
    holds: 'the agent’s YAML: its schema and the commented example',
    imports: [...PROTOCOL, 'agent/plugin', 'agent/wire/loose-json', 'agent/wire'],
    packages: ['node:path', 'zod'],
  },
  'agent/counting': {
    holds: 'counters that wrap or count in coarse steps, and rates from them',
    imports: PROTOCOL,
    packages: [],
  },
  'agent/tenancy': {
    holds: 'who holds a GPU: Slurm, Kubernetes, containers, processes',
    imports: [...PROTOCOL, 'agent/wire'],
    packages: ['node:*', 'yaml', 'zod'],
  },
  'agent/asic/models': {
    holds: 'tables of miner models: rated J/TH, boards, cooling, mining algorithm',
    imports: ['protocol'],
    packages: [],
  },
  'agent/asic': {
    holds: 'what miner families share: facts to a reading, sessions, pools, firmware by its replies',
    imports: [
      ...PROTOCOL,
      'agent/plugin',
      'agent/wire/loose-json',
      'agent/wire/tcp',
      'agent/wire/cgminer',
      'agent/wire',
      'agent/asic/models',
    ],
    packages: [],
  },
  'agent/gpu': {
    holds:
      'what GPU drivers share: snapshot to a reading, states, lost GPUs, NVIDIA’s XIDs, output of AMD’s and Intel’s tools',
    imports: [...PROTOCOL, 'agent/plugin', 'agent/wire/loose-json', 'agent/tenancy'],
    packages: [],
  },
  'agent/host-power': {
    holds:
      'what drivers of a machine’s own power share: names of power sensors, and which numbers a machine can draw',
    imports: [...PROTOCOL, 'agent/wire/loose-json'],
    packages: [],
  },
  'agent/drivers': {
    holds: 'one file, or one folder, for each family of devices',
    imports: [
      ...PROTOCOL,
      'agent/plugin',
      'agent/wire/loose-json',
      'agent/wire/tcp',
      'agent/wire/cgminer',
      'agent/wire/snmp',
      'agent/wire',
      'agent/counting',
      'agent/tenancy',
      'agent/asic/models',
      'agent/asic',
      'agent/gpu',
      'agent/host-power',
    ],
    packages: ['node:*', 'koffi', 'node-os-utils', 'zod'],
    parts: true,
  },
  'agent/polling': {
    holds: 'reads each device in turn: detection, time-outs, the device registry, checks of readings',
    imports: [
      ...PROTOCOL,
      'agent/plugin',
      'agent/wire/loose-json',
      'agent/wire/tcp',
      'agent/wire/cgminer',
      'agent/wire',
      'agent/config',
      'agent/asic/models',
      'agent/asic',
    ],
    packages: ['node:crypto', 'node:dns/promises', 'node:fs/promises', 'node:net', 'node:os'],
  },
  'agent/clock': {
    holds:
      'the agent’s clock beside the collector’s: steps, offset, and the right time of what was recorded before',
    imports: PROTOCOL,
    packages: [],
  },
  'agent/uplink/spool': {
    holds: 'interval records on disk until the collector has them',
    imports: PROTOCOL,
    packages: ['node:*'],
  },
  'agent/uplink': {
    holds: 'MQTT: live messages, and delivery of the spool’s records until they are acknowledged',
    imports: [...PROTOCOL, MQTT, 'agent/uplink/spool'],
    packages: [],
  },
  'agent/metering': {
    holds: 'the interval meter: readings to records of one UTC minute, a device and an owner each',
    imports: [...PROTOCOL, 'agent/plugin', 'agent/wire/loose-json', 'agent/counting', 'agent/uplink/spool'],
    packages: [],
  },
  'agent/metrics': {
    holds: 'the agent’s page for Prometheus, on a port of its own where the configuration asks for it',
    imports: [...PROTOCOL, METRICS],
    packages: ['node:crypto', 'node:http'],
  },
  'agent/composition': {
    holds: 'the only room that constructs the agent',
    imports: [
      ...PROTOCOL,
      'agent/plugin',
      'agent/config',
      'agent/clock',
      'agent/polling',
      'agent/metering',
      'agent/uplink',
      'agent/uplink/spool',
      'agent/metrics',
    ],
    packages: ['node:fs', 'node:fs/promises', 'node:path'],
  },
  'agent/scan': {
    holds: 'finds the machines of a network and writes them into a configuration',
    imports: [
      ...PROTOCOL,
      'agent/plugin',
      'agent/wire/loose-json',
      'agent/wire',
      'agent/config',
      'agent/polling',
    ],
    packages: ['node:*', 'yaml'],
  },
  'agent/simulator/base': {
    holds: 'what every emulated machine stands on: listeners on loopback, seeded chance',
    imports: PROTOCOL,
    packages: ['node:http', 'node:net'],
  },
  'agent/simulator/asic': {
    holds: 'emulated miners that speak each family’s real wire protocol',
    imports: [...PROTOCOL, 'agent/simulator/base', 'agent/wire'],
    packages: ['node:http', 'node:net'],
  },
  'agent/simulator/gpu': {
    holds: 'emulated GPU hosts, the jobs on them and an LLM server',
    imports: ['agent/simulator/base'],
    packages: [],
  },
  'agent/simulator/power': {
    holds: 'an emulated site meter and rack PDU',
    imports: ['agent/simulator/base', 'agent/simulator/gpu'],
    packages: ['node:dgram', 'node:net', 'jsmodbus', 'net-snmp'],
  },
  'agent/simulator': {
    holds:
      'an emulated site: which machines, where, the world that moves on, and the configurations that read it',
    imports: [
      ...PROTOCOL,
      'agent/simulator/base',
      'agent/simulator/asic',
      'agent/simulator/gpu',
      'agent/simulator/power',
    ],
    packages: ['node:fs', 'node:fs/promises', 'node:path', 'yaml'],
  },
  'agent/commands': {
    holds:
      'one file for each command of perwatt-agent: its options, its help, and the call that does the work',
    imports: [
      ...PROTOCOL,
      'agent/plugin',
      'agent/config',
      'agent/drivers',
      'agent/polling',
      'agent/composition',
      'agent/scan',
      'agent/simulator',
      'agent/simulator/asic',
      'agent/simulator/gpu',
    ],
    packages: ['commander', 'zod'],
  },
  agent: {
    holds: 'the program’s entry: its command line',
    imports: [KIT, 'agent/commands'],
    packages: [],
  },

  'collector/economics': {
    holds: 'the ground floor: workloads, ledger rows, mining’s formulas, the calendar',
    imports: ['protocol'],
    packages: ['temporal-polyfill', 'zod'],
  },
  'collector/economics/energy': {
    holds: 'who used which energy: the tree of meters, balance, attribution to workloads',
    imports: ['protocol', 'collector/economics'],
    packages: [],
  },
  'collector/economics/settlement': {
    holds: 'a minute’s records to priced ledger rows, each figure with the sum behind it',
    imports: ['protocol', 'collector/economics', 'collector/economics/energy'],
    packages: [],
  },
  'collector/economics/live': {
    holds: 'the same arithmetic for this moment, in flat arrays',
    imports: [
      'protocol',
      'collector/economics',
      'collector/economics/energy',
      'collector/economics/settlement',
    ],
    packages: [],
  },
  'collector/economics/choices': {
    holds: 'what could be instead: break-even, better use, what-if, conversion',
    imports: ['protocol', 'collector/economics'],
    packages: ['zod'],
  },
  'collector/economics/statement': {
    holds: 'a customer’s month, to the cent',
    imports: [
      'protocol',
      'collector/economics',
      'collector/economics/energy',
      'collector/economics/settlement',
    ],
    packages: [],
  },
  'collector/views': {
    holds: 'what goes over the wire to screens and API clients, as schemas',
    imports: ['protocol', 'collector/economics', 'collector/economics/statement'],
    packages: ['zod'],
  },
  'collector/plugin': {
    holds: 'the contracts of what can be added: feed, pool, store, channel, alert rule',
    imports: [...PROTOCOL, 'collector/economics', 'collector/economics/settlement', 'collector/views'],
    packages: ['zod'],
  },
  'collector/prices': {
    holds: 'quotes: the book of which price holds when, and whose price counts',
    imports: [...PROTOCOL, HTTP, 'collector/views', 'collector/plugin'],
    packages: ['temporal-polyfill', 'zod'],
  },
  'collector/feeds': {
    holds: 'one file for each kind of price source',
    imports: [...PROTOCOL, 'collector/economics', 'collector/plugin', 'collector/prices'],
    packages: ['node:fs', 'node:fs/promises', 'csv-parse', 'jsonpath-rfc9535', 'zod'],
    parts: true,
  },
  'collector/pool-watch': {
    holds: 'polls mining pools for what they credited, and compares it with the ledger',
    imports: [
      ...PROTOCOL,
      HTTP,
      'collector/economics',
      'collector/economics/settlement',
      'collector/views',
      'collector/plugin',
      'collector/prices',
    ],
    packages: ['zod'],
  },
  'collector/pools': {
    holds: 'one file for each mining pool’s API',
    imports: [...PROTOCOL, 'collector/economics/settlement', 'collector/plugin', 'collector/pool-watch'],
    packages: ['node:crypto', 'zod'],
    parts: true,
  },
  'collector/rows': {
    holds: 'ledger records as rows of a database, and what stores share',
    imports: [...PROTOCOL, 'collector/economics', 'collector/plugin'],
    packages: ['node:fs/promises', 'node:zlib', 'zod'],
  },
  'collector/stores': {
    holds: 'one folder for each database that can keep the ledger',
    imports: [...PROTOCOL, 'collector/economics', 'collector/plugin', 'collector/rows'],
    packages: ['node:*', '@duckdb/node-api', 'influx', 'zod'],
    parts: true,
  },
  'collector/store-keeping': {
    holds: 'the store that may be away: opened when it answers, watched, filled again',
    imports: [...PROTOCOL, 'collector/plugin'],
    packages: ['node:fs/promises', 'zod'],
  },
  'collector/ownership': {
    holds:
      'which agent each machine belongs to: claims by name, MAC, serial number and address, and their adoption',
    imports: [...PROTOCOL, 'collector/economics', 'collector/views', 'collector/plugin'],
    packages: [],
  },
  'collector/clocks': {
    holds: 'the collector’s clock beside those of agents, kernel and servers: whether it can be trusted',
    imports: [...PROTOCOL, 'collector/plugin'],
    packages: [],
  },
  'collector/intake': {
    holds:
      'interval batches: queued, checked, stored with their high-water mark, acknowledged, or quarantined',
    imports: [...PROTOCOL, 'collector/plugin'],
    packages: ['node:timers/promises'],
  },
  'collector/doubts': {
    holds: 'holds each record against what its device can do, by kind and duration',
    imports: [...PROTOCOL, 'collector/economics', 'collector/plugin'],
    packages: ['zod'],
  },
  'collector/settling': {
    holds: 'settles minutes as their records come in, and prices them again on request',
    imports: [
      ...PROTOCOL,
      'collector/economics',
      'collector/economics/energy',
      'collector/economics/settlement',
      'collector/plugin',
      'collector/prices',
    ],
    packages: ['node:crypto', 'zod'],
  },
  'collector/books': {
    holds: 'answers questions about the ledger: figures by group and period, explanations, audit, losses',
    imports: [
      ...PROTOCOL,
      'collector/economics',
      'collector/economics/settlement',
      'collector/views',
      'collector/plugin',
      'collector/intake',
      'collector/settling',
    ],
    packages: ['zod'],
  },
  'collector/statements': {
    holds: 'monthly statements of customers and of the site',
    imports: [
      ...PROTOCOL,
      'collector/economics',
      'collector/economics/energy',
      'collector/economics/settlement',
      'collector/economics/statement',
      'collector/views',
      'collector/plugin',
      'collector/settling',
    ],
    packages: ['node:crypto', 'node:util', 'node:zlib'],
  },
  'collector/live': {
    holds: 'the site now: state by columns, figures, groups, what could be',
    imports: [
      ...PROTOCOL,
      'collector/economics',
      'collector/economics/energy',
      'collector/economics/settlement',
      'collector/economics/live',
      'collector/economics/choices',
      'collector/views',
      'collector/plugin',
      'collector/prices',
      'collector/settling',
      'collector/books',
      'collector/ownership',
    ],
    packages: [],
  },
  'collector/standing': {
    holds: 'what stands still and why: one judge of what each part of the pipeline tells of itself',
    imports: [...PROTOCOL, 'collector/views', 'collector/plugin'],
    packages: [],
  },
  'collector/judging': {
    holds: 'what alert rules share: verdicts on devices, silent agents',
    imports: [...PROTOCOL, 'collector/plugin'],
    packages: [],
  },
  'collector/rules': {
    holds: 'one file for each alert rule',
    imports: [
      ...PROTOCOL,
      'collector/economics',
      'collector/economics/settlement',
      'collector/views',
      'collector/plugin',
      'collector/judging',
    ],
    packages: ['zod'],
    parts: true,
  },
  'collector/alerts': {
    holds: 'judges the rules, keeps firing alerts, delivers them through an outbox on disk',
    imports: [...PROTOCOL, 'collector/views', 'collector/plugin'],
    packages: ['node:*', 'zod'],
  },
  'collector/channels': {
    holds: 'one file for each way to tell an alert',
    imports: [...PROTOCOL, HTTP, 'collector/plugin'],
    packages: ['node:crypto', 'node:net', 'zod'],
    parts: true,
  },
  'collector/broker': {
    holds: 'the embedded MQTT broker',
    imports: PROTOCOL,
    packages: ['node:net', 'aedes'],
  },
  'collector/ingest': {
    holds: 'hears the agents over MQTT, and keeps their inventories',
    imports: [
      ...PROTOCOL,
      MQTT,
      'collector/plugin',
      'collector/clocks',
      'collector/intake',
      'collector/ownership',
      'collector/live',
      'collector/broker',
    ],
    packages: ['node:fs', 'node:fs/promises', 'node:path', 'zod'],
  },
  'collector/metrics': {
    holds:
      'the page for Prometheus: families of the site, its workloads and devices, and of the collector itself',
    imports: [
      KIT,
      METRICS,
      'collector/economics',
      'collector/economics/energy',
      'collector/views',
      'collector/live',
      'collector/alerts',
    ],
    packages: ['node:fs/promises', 'node:path', 'zod'],
  },
  'collector/screens/documents': {
    holds: 'what the API answers besides JSON: statements as pages and CSV, long texts piece by piece',
    imports: [KIT, 'collector/views'],
    packages: ['hono'],
  },
  'collector/screens/api': {
    holds: 'the HTTP API: one file for each group of endpoints',
    imports: [
      ...PROTOCOL,
      'collector/economics/choices',
      'collector/views',
      'collector/plugin',
      'collector/prices',
      'collector/settling',
      'collector/books',
      'collector/statements',
      'collector/ownership',
      'collector/live',
      'collector/screens/documents',
    ],
    packages: ['@hono/node-server', '@hono/zod-openapi', 'hono'],
  },
  'collector/screens/pages': {
    holds: 'serves the built pages, and checks method and token before every answer',
    imports: [...PROTOCOL, 'collector/screens/api'],
    packages: ['node:crypto', 'node:zlib', 'hono'],
  },
  'collector/screens': {
    holds: 'the HTTP server, the live event stream, and the build of the pages',
    imports: [
      ...PROTOCOL,
      METRICS,
      'collector/views',
      'collector/prices',
      'collector/books',
      'collector/ownership',
      'collector/statements',
      'collector/screens/api',
      'collector/screens/pages',
    ],
    packages: ['node:*', '@hono/node-server', 'esbuild', 'hono'],
  },
  'collector/screens/web/parts': {
    holds:
      'what all pages share: numbers, money, data age, banners, header, event stream; runs in the browser',
    imports: ['collector/views'],
    packages: ['preact'],
  },
  'collector/screens/web/wall/charts': {
    holds: 'what is drawn on a canvas: the rack map and the trend; runs in the browser',
    imports: ['collector/views', 'collector/screens/web/parts'],
    packages: ['preact', 'uplot'],
  },
  'collector/screens/web/wall': {
    holds: 'the wall: the site on one screen, for reading from afar; runs in the browser',
    imports: ['collector/views', 'collector/screens/web/parts', 'collector/screens/web/wall/charts'],
    packages: ['preact'],
  },
  'collector/screens/web/economics/parts': {
    holds: 'what the sections of the economics page share: tables, answers, arithmetic; runs in the browser',
    imports: ['collector/views', 'collector/screens/web/parts'],
    packages: ['preact'],
  },
  'collector/screens/web/economics/earnings': {
    holds: 'the section of earnings, and how each figure comes about; runs in the browser',
    imports: ['collector/views', 'collector/screens/web/parts', 'collector/screens/web/economics/parts'],
    packages: ['preact'],
  },
  'collector/screens/web/economics/what-if': {
    holds: 'the section that compares a typed scenario with the site; runs in the browser',
    imports: [
      'collector/economics/choices',
      'collector/views',
      'collector/screens/web/parts',
      'collector/screens/web/economics/parts',
    ],
    packages: ['preact'],
  },
  'collector/screens/web/economics': {
    holds: 'the page of the energy and finance desks; runs in the browser',
    imports: [
      'protocol',
      'collector/economics/choices',
      'collector/views',
      'collector/screens/web/parts',
      'collector/screens/web/economics/parts',
      'collector/screens/web/economics/earnings',
      'collector/screens/web/economics/what-if',
    ],
    packages: [],
  },
  'collector/config': {
    holds: 'the collector’s YAML: its schema, the commented example, and what earlier versions wrote',
    imports: [
      ...PROTOCOL,
      'collector/economics',
      'collector/prices',
      'collector/feeds',
      'collector/pool-watch',
      'collector/pools',
      'collector/stores',
      'collector/rules',
      'collector/alerts',
      'collector/channels',
      'collector/metrics',
    ],
    packages: ['yaml', 'zod'],
  },
  'collector/composition': {
    holds: 'the only room that constructs the collector',
    imports: [
      ...PROTOCOL,
      METRICS,
      'collector/economics/settlement',
      'collector/views',
      'collector/plugin',
      'collector/prices',
      'collector/feeds',
      'collector/pool-watch',
      'collector/pools',
      'collector/stores',
      'collector/store-keeping',
      'collector/ownership',
      'collector/clocks',
      'collector/intake',
      'collector/doubts',
      'collector/settling',
      'collector/books',
      'collector/statements',
      'collector/live',
      'collector/rules',
      'collector/alerts',
      'collector/channels',
      'collector/broker',
      'collector/ingest',
      'collector/standing',
      'collector/metrics',
      'collector/screens/pages',
      'collector/screens',
      'collector/config',
    ],
    packages: ['node:fs', 'node:path'],
  },
  'collector/commands': {
    holds: 'one file for each command of perwatt-collector',
    imports: [
      ...PROTOCOL,
      'collector/economics/choices',
      'collector/economics/settlement',
      'collector/views',
      'collector/prices',
      'collector/books',
      'collector/config',
      'collector/composition',
    ],
    packages: ['node:*', 'koffi', 'perwatt:web-assets', 'zod'],
  },
  'collector/command-line': {
    holds: 'names, arguments and options of the commands of perwatt-collector',
    imports: [KIT, 'collector/commands'],
    packages: ['commander'],
  },
  collector: {
    holds: 'the program’s entry',
    imports: [KIT, 'collector/command-line'],
    packages: [],
  },
}
