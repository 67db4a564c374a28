import { Option } from 'commander'

/** `--config`, the same in every command that reads the agent's configuration. */
export const configOption = (): Option =>
  new Option('-c, --config <file>', 'configuration').default('/etc/perwatt/agent.yaml')
