import { Command } from 'commander'
import { loadConfig } from '../../protocol/kit/config.ts'
import { createLog } from '../../protocol/kit/log.ts'
import { serve } from '../../protocol/kit/service.ts'
import { VERSION } from '../../protocol/kit/version.ts'
import { Agent } from '../composition/agent.ts'
import { agentConfigSchema, spoolFolderOf } from '../config/config.ts'
import { DRIVERS } from '../drivers/index.ts'
import { configOption } from './config-option.ts'

/** `perwatt-agent run`: reads the configured devices until it is stopped. */
export const runCommand = (): Command =>
  new Command('run')
    .description('read the configured devices until stopped; SIGHUP reloads the configuration')
    .addOption(configOption())
    .action(run)

async function run(options: { config: string }): Promise<void> {
  const schema = agentConfigSchema(DRIVERS)
  const log = createLog({ fields: { program: 'perwatt-agent' } })
  await serve({
    log,
    load: () => loadConfig(schema, options.config),
    folders: (config) => [spoolFolderOf(config)],
    async start(config, previous: Agent | undefined) {
      const agent = new Agent({
        config,
        drivers: DRIVERS,
        log: createLog({
          level: config.log.level,
          fields: { program: 'perwatt-agent', agent: config.agent },
        }),
        version: VERSION,
        ...(previous ? { spool: previous.spool } : {}),
      })
      await agent.start()
      return agent
    },
  })
}
