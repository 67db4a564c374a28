import { Command } from 'commander'
import { endWith } from '../../protocol/kit/program.ts'
import { DRIVERS } from '../drivers/index.ts'
import { PLACE_HELP } from '../scan/places.ts'
import { scan } from '../scan/scan-network.ts'
import type { ScanOptions } from '../scan/scan-options.ts'
import { wholeNumber } from './whole-number.ts'

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

/** `perwatt-agent scan`: finds the miners of a network and writes them into the agent's configuration. */
export const scanCommand = (): Command =>
  new Command('scan')
    .description(
      'find the miners at these addresses (10.0.0.0/22, 10.0.3.10-10.0.3.99 or 10.0.3.7), print them, and write them to a configuration if you name one; no machine is changed',
    )
    .argument('<addresses...>')
    .option(
      '-w, --write <file>',
      'configuration to write; in an existing file, only new machines and new addresses are added, and everything else stays as it is',
    )
    .option(
      '--place <pattern>',
      'location of each machine, derived from its address; may be repeated',
      collect,
    )
    .option('--places <file>', 'CSV file with the location of each machine')
    .option('--site <name>', 'name of the site in a new configuration', 'site-1')
    .option('--agent <name>', 'name of the agent in a new configuration (default: the name of this computer)')
    .option('--web-user <name>', 'user of the machines’ web interfaces', 'root')
    .option(
      '--web-password-file <file>',
      'file with the password of the machines’ web interfaces; stock Antminers report their MAC only after a login. The password is sent to every machine of a family that has a login',
    )
    .option('--port <number>', 'port of the miners’ API', wholeNumber('port', 1, 65_535), 4028)
    .option(
      '--web-port <number>',
      'port of the miners’ web interface',
      wholeNumber('web-port', 1, 65_535),
      80,
    )
    .option(
      '--at-once <number>',
      'how many addresses to try at the same time',
      wholeNumber('at-once', 1, 1024),
      128,
    )
    .option('--knock <duration>', 'how long an address may take to accept a connection', '1500ms')
    .option('--timeout <duration>', 'how long a machine may take to answer', '5s')
    .option('--public', 'allow public addresses')
    .option('--yes-really-large', 'allow more than 65,536 addresses')
    .addHelpText(
      'after',
      `
Examples:
  perwatt-agent scan 10.0.0.0/22
  perwatt-agent scan 10.0.3.10-99 10.0.4.0/24 --write agent.yaml --place '10.0.{container:C00}.{slot:S00}'

${PLACE_HELP}

A machine is recognised by its MAC or serial number. If its address changes, scan again with --write to update the configuration.`,
    )
    .action(async (addresses: string[], options: ScanOptions) => {
      await endWith(await scan(addresses, options, DRIVERS, { out: process.stdout, err: process.stderr }))
    })
