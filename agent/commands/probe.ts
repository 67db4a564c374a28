import { Command, Option } from 'commander'
import { loadConfig, parseConfig } from '../../protocol/kit/config.ts'
import { UsageError } from '../../protocol/kit/errors.ts'
import { EXIT, endWith } from '../../protocol/kit/program.ts'
import { withDeadline } from '../../protocol/kit/retry.ts'
import { printError, printJson, printLine } from '../../protocol/kit/terminal.ts'
import { agentConfigSchema } from '../config/config.ts'
import { AUTO, type DeviceConfig } from '../config/device-config.ts'
import { DRIVERS } from '../drivers/index.ts'
import type { Reading } from '../plugin/reading.ts'
import { withConfiguredLimits } from '../polling/configured-limits.ts'
import { DeviceRegistry } from '../polling/device-registry.ts'
import { failureText } from '../polling/failure-text.ts'
import { pollTarget } from '../polling/poll-target.ts'
import { configOption } from './config-option.ts'
import { probeTable } from './probe-table.ts'
import { type ProbeView, probedDevices } from './probe-view.ts'

interface ProbeOptions {
  config: string
  driver?: string
  host?: string
  port?: string
  /** the driver's own settings, each as `name=value` */
  set?: string[]
  timeout: string
  json?: boolean
}

/** How many devices are read at the same time: enough to be quick on a large site, few enough to spare its switches. */
const AT_ONCE = 50

/** `perwatt-agent probe`: reads each configured device once, or one device that the command line names. */
export const probeCommand = (): Command =>
  new Command('probe')
    .description('read each configured device once, or the one device named here, and print the result')
    .addOption(configOption())
    .addOption(
      new Option('--driver <name>', 'read one device with this driver').choices([
        AUTO,
        ...DRIVERS.map((d) => d.name),
      ]),
    )
    .option('--host <address>', 'address of the one device')
    .option('--port <number>', 'port of the one device, if it is not the usual one')
    .option('--set <name=value...>', 'a setting of the driver, such as url=http://127.0.0.1:9400/metrics')
    .option('--timeout <duration>', 'how long the device may take to answer', '5s')
    .option(
      '--json',
      'print all of it as JSON in base units: what each device is, its figures, faults, counters and paid work by owner',
    )
    .addHelpText('after', '\nExample: perwatt-agent probe --driver auto --host 10.0.3.7')
    .action(probe)

/** Reads each device once and prints what it said. Exit status 1 where one didn't answer. */
async function probe(options: ProbeOptions): Promise<void> {
  const { devices, timeout } = targets(options)
  const registry = new DeviceRegistry(devices, DRIVERS)
  const failures: string[] = []
  const readings = new Map<string, Reading>()
  const waiting = [...devices]
  const worker = async () => {
    for (let device = waiting.shift(); device; device = waiting.shift()) {
      const problem = await readOnce(device, registry, readings, timeout)
      if (problem) failures.push(problem)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, devices.length) }, worker))
  const probed = probedDevices(registry, readings)
  const view: ProbeView = { v: 1, atMs: Date.now(), devices: probed, failures }
  if (options.json) printJson(view, 2)
  else printLine(probeTable(probed))
  for (const line of failures) printError(line)
  await endWith(failures.length > 0 ? EXIT.failed : EXIT.done)
}

/** The configured devices, or the one device that the command line names. */
function targets(options: ProbeOptions): { devices: DeviceConfig[]; timeout: number } {
  const schema = agentConfigSchema(DRIVERS)
  if (!options.driver && !options.host) return loadConfig(schema, options.config)
  const settings = Object.fromEntries((options.set ?? []).map(setting))
  const device = {
    id: 'probe',
    driver: options.driver ?? 'auto',
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.port === undefined ? {} : { port: Number(options.port) }),
    ...settings,
  }
  const config = { site: 'probe', agent: 'probe', timeout: options.timeout, devices: [device] }
  return parseConfig(schema, JSON.stringify(config), 'command line')
}

function setting(text: string): [string, unknown] {
  const [name, ...rest] = text.split('=')
  if (!name || rest.length === 0)
    throw new UsageError([`--set ${text}: expected name=value, such as url=http://127.0.0.1:9400/metrics`])
  const value = rest.join('=')
  return [name, /^\d+$/.test(value) ? Number(value) : value]
}

async function readOnce(
  device: DeviceConfig,
  registry: DeviceRegistry,
  found: Map<string, Reading>,
  timeoutMs: number,
): Promise<string | undefined> {
  const target = pollTarget(device, DRIVERS)
  let { driver } = target
  try {
    // detection has a deadline of its own, as in the poller
    const opened = await withDeadline((signal) => target.open(signal), timeoutMs)
    // a machine that goes on answering is slow, not silent
    const reading = withDeadline((signal) => opened.session.read(signal), timeoutMs, undefined, 3 * timeoutMs)
    const readings = await reading.finally(() => {
      driver = opened.driver
      opened.session.close?.()
    })
    const judged = readings.map((reading) => withConfiguredLimits(reading, device))
    for (const { deviceId, reading } of registry.update(device, driver, judged, Date.now()))
      found.set(deviceId, reading)
    return undefined
  } catch (error) {
    const reason = `${driver} ${device.id}: ${failureText(error, target.address)}`
    registry.fail(device, reason, Date.now())
    return reason
  }
}
