import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import assets from 'perwatt:web-assets'
import { parseConfig } from '../../protocol/kit/config.ts'
import { PerwattError, UsageError } from '../../protocol/kit/errors.ts'
import { createLog } from '../../protocol/kit/log.ts'
import { serve } from '../../protocol/kit/service.ts'
import { printLine } from '../../protocol/kit/terminal.ts'
import { VERSION } from '../../protocol/kit/version.ts'
import { Collector } from '../composition/collector.ts'
import { CollectorConfigSchema } from '../config/config.ts'
import { Child } from './child.ts'
import { demoCollectorYaml, hostAgentYaml, simulatorArgs } from './demo-site.ts'
import { takeTurn } from './demo-turn.ts'
import { endsWith } from './ends-with.ts'

export interface DemoOptions {
  data: string
  port: string
  brokerPort: string
  agent?: string
  base: string
  seed: string
  faces: string
}

const PORTS_TRIED = 100
/** TCP port of the cgminer API, where miners answer */
const MINER_PORT = 4028

/**
 * Runs a whole site on this machine: the collector in this process, an emulated site and three agents in processes of their own.
 * Continues the history of an earlier demo in the same folder.
 */
export async function demo(options: DemoOptions): Promise<void> {
  const say = printLine
  const folder = resolve(options.data)
  const logs = join(folder, 'logs')
  mkdirSync(logs, { recursive: true })
  const agentProgram = options.agent ?? resolve(import.meta.dirname, 'perwatt-agent.js')
  const logStream = join(logs, 'collector.log')

  await serve({
    log: createLog({ fields: { program: 'perwatt-collector' } }),
    reloads: false,
    load: () => undefined,
    folders: () => [folder],
    async start(_config, _previous, ending) {
      const startedBy = Number(process.env['PERWATT_STARTED_BY'])
      if (startedBy > 0) endsWith(startedBy)
      const release = await takeTurn(folder, say)
      const port = await freePort('port', options.port, 'screens', say)
      const brokerPort = await freePort('broker-port', options.brokerPort, 'broker', say)
      const base = await freeBase(options.base, say)
      const yaml = demoCollectorYaml({ dataFolder: folder, port, brokerPort })
      const mqttUrl = `mqtt://127.0.0.1:${brokerPort}`
      const hostId =
        hostname()
          .replace(/[^A-Za-z0-9._-]/g, '-')
          .replace(/^[^A-Za-z0-9]+/, '')
          .slice(0, 64) || 'this-machine'
      writeFileSync(join(folder, 'collector.yaml'), yaml)
      writeFileSync(
        join(folder, 'this-machine.yaml'),
        hostAgentYaml({ hostId, mqttUrl, spoolFolder: join(folder, 'spool', 'this-machine') }),
      )

      const config = parseConfig(CollectorConfigSchema, yaml, 'collector.yaml')
      const log = createLog({
        fields: { program: 'perwatt-collector' },
        write: (line) => writeFileSync(logStream, line, { flag: 'a' }),
      })
      const collector = new Collector({ config, assets, log, version: VERSION })
      const child = (name: string, args: string[], readyLine?: string) =>
        new Child({
          name,
          command: process.execPath,
          args: [agentProgram, ...args],
          logFile: join(logs, `${name}.log`),
          say,
          ...(readyLine === undefined ? {} : { readyLine }),
        })
      const site = child(
        'simulate',
        ['simulate', ...simulatorArgs({ folder, mqttUrl, seed: options.seed, base, faces: options.faces })],
        'ready',
      )
      const agents = ['mining', 'gpu', 'this-machine'].map((name) =>
        child(name, ['run', '--config', join(folder, `${name}.yaml`)]),
      )
      const stop = async () => {
        say('stopping')
        // agents first, so that the collector still takes their unfinished minute
        await Promise.all(agents.map((a) => a.stop()))
        await Promise.all([site.stop(), collector.stop()])
        release()
        say('stopped; the history is kept, and the next start continues it')
      }
      try {
        ending.throwIfAborted()
        say(`perwatt ${VERSION}: bringing up a demo site in ${folder}`)
        const { screenUrl } = await collector.start()
        ending.throwIfAborted()
        say(`collector, embedded broker (127.0.0.1:${brokerPort}) and embedded store run`)
        await site.start(ending)
        say(
          'emulated site runs: miners on TCP 4028, GPUs behind dcgm-exporter, an LLM server, a rack PDU by SNMP, a Modbus site meter (all SIMULATED)',
        )
        await Promise.all(agents.map((a) => a.start(ending)))
        say('agents run: mining and gpu read the emulated site, this-machine reads this machine')
        say('')
        say(`  Live screen:  ${screenUrl}/wall`)
        say(`  API:          ${screenUrl}/openapi.json`)
        say(`  Logs:         ${logs}`)
        say('')
        say(
          'First figures in about 2 s, the first minute of the ledger in about 90 s. Ctrl-C stops everything.',
        )
      } catch (error) {
        await stop()
        throw error
      }
      return { stop }
    },
  })
}

/** The wanted port, or the next free one. */
async function freePort(
  option: string,
  text: string,
  what: string,
  say: (line: string) => void,
): Promise<number> {
  const wanted = Number(text)
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > 65_535)
    throw new UsageError([`--${option}: expected a port from 1 to 65535, got ${text}`])
  for (let port = wanted; port < wanted + PORTS_TRIED && port <= 65_535; port++) {
    if (!(await isFree(port))) continue
    if (port !== wanted)
      say(`port ${wanted} is taken; the ${what} use${what.endsWith('s') ? '' : 's'} ${port}`)
    return port
  }
  throw new PerwattError(
    'port-taken',
    `ports ${wanted} to ${wanted + PORTS_TRIED - 1} are taken; name another with --${option}`,
  )
}

/** First address of the emulated miners; where another emulated site uses it, the same address in the next free 127.N network. */
async function freeBase(wanted: string, say: (line: string) => void): Promise<string> {
  const [, network, host] = /^127\.(\d{1,3})\.(\d{1,3}\.\d{1,3})$/.exec(wanted) ?? []
  if (!network || !host)
    throw new UsageError([`--base: expected an address such as 127.10.0.1, got ${wanted}`])
  for (let n = Number(network); n < 255; n++) {
    const base = `127.${n}.${host}`
    if (!(await isFree(MINER_PORT, base))) continue
    if (base !== wanted)
      say(`${wanted} is taken by another emulated miner; the miners of this site begin at ${base}`)
    return base
  }
  throw new PerwattError(
    'port-taken',
    `TCP ${MINER_PORT} is taken on every address from ${wanted} up; name another with --base`,
  )
}

function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
