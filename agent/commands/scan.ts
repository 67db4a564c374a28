import { Command } from 'commander'
import { UsageError } from '../../protocol/kit/errors.ts'
import { PLACE_HELP } from '../scan/places.ts'
import { type ScanOptions, scan } from '../scan/scan-network.ts'

const whole =
  (name: string, least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least || value > most)
      throw new UsageError([`--${name}: expected a whole number from ${least} to ${most}, got ${text}`])
    return value
  }
const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

/** `perwatt-agent scan`: finds the miners of a network and writes them into the agent's configuration. */
export const scanCommand = (): Command =>
  new Command('scan')
    .description(
      'find the miners at these addresses (10.0.0.0/22, 10.0.3.10-10.0.3.99 or 10.0.3.7), print them, and write them into a configuration; it only reads',
    )
    .argument('<addresses...>')
    .option(
      '-w, --write <file>',
      'configuration to write; one that exists learns new machines and new addresses, and all else in it stays',
    )
    .option('--place <pattern>', 'where a machine stands, by its address; may be repeated', collect)
    .option('--places <file>', 'where each machine stands, as CSV')
    .option('--site <name>', 'name of the site in a new configuration', 'site-1')
    .option('--agent <name>', 'name of the agent in a new configuration; default this computer’s')
    .option('--web-user <name>', 'user of the machines’ web interfaces', 'root')
    .option(
      '--web-password-file <file>',
      'log in there with this password: stock Antminers tell their MAC only so. It is sent to every machine whose family asks for it',
    )
    .option('--port <number>', 'port of the miners’ API', whole('port', 1, 65_535), 4028)
    .option('--web-port <number>', 'port of their web interface', whole('web-port', 1, 65_535), 80)
    .option('--at-once <number>', 'addresses looked at at once', whole('at-once', 1, 1024), 128)
    .option('--knock <duration>', 'how long an address may take to accept a connection', '1500ms')
    .option('--timeout <duration>', 'how long a machine may take to answer', '5s')
    .option('--public', 'scan public addresses, too')
    .option('--yes-really-large', 'scan more than 65,536 addresses')
    .addHelpText(
      'after',
      `
Examples:
  perwatt-agent scan 10.0.0.0/22
  perwatt-agent scan 10.0.3.10-99 10.0.4.0/24 --write agent.yaml --place '10.0.{container:C00}.{slot:S00}'

${PLACE_HELP}

A machine is known by its MAC or serial number: scan again with --write, and its new address is followed.`,
    )
    .action(async (addresses: string[], options: ScanOptions) => {
      const status = await scan(addresses, options, { out: process.stdout, err: process.stderr })
      // an open socket of a machine that hangs must not hold the terminal
      process.exit(status)
    })
