import { type Command, Option } from 'commander'

export const configOption = () =>
  new Option('-c, --config <file>', 'configuration').default('/etc/perwatt/collector.yaml')

/** Options of a command that sends a request to a running collector. */
export const requesting = (command: Command): Command =>
  command
    .addOption(configOption())
    .option('--url <address>', 'address of the running collector; by default from its configuration')
    .option('--token-file <file>', 'file that holds the collector’s token; by default from its configuration')
